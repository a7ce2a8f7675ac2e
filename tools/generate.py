"""Writes all generated files, or with `--check` lists those that are not up to date.

python -m tools.generate [--check]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from coachway.core.documents.drawable_characters import RANGES_FILE
from tools import data_map, error_codes, event_schemas, font_coverage, gateway, openapi, template
from tools.function_modules import import_everything, list_api_entries
from tools.functions import ROOT


def generate_files() -> dict[Path, str]:
    """The path and content of every generated file."""
    import_everything()
    entries = list_api_entries()
    document = json.dumps(openapi.build_document(entries), indent=1, ensure_ascii=False) + "\n"
    return {
        ROOT / "docs/openapi.json": document,
        ROOT / "infra/api.yaml": gateway.build_definition(entries),
        ROOT / "infra/observability.yaml": template.build_observability(),
        ROOT / "template.yaml": template.build_template(),
        ROOT / "docs/data-map.md": data_map.render_page(),
        ROOT / "docs/errors.md": error_codes.markdown_page(),
        ROOT / "functions/docs/errors.html": error_codes.html_page(),
        RANGES_FILE: font_coverage.render_ranges(),
        **{ROOT / "events/schemas" / name: text for name, text in event_schemas.build_schemas().items()},
        **{directory / "__init__.py": "" for directory in _test_directories_without_init()},
    }


def _test_directories_without_init() -> set[Path]:
    """Test directories without `__init__.py`. Two modules of one name in such directories would conflict."""
    directories = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    return {directory for directory in directories if not (directory / "__init__.py").exists()}


def find_outdated() -> list[str]:
    """One line for each file that differs from what the code generates."""
    files = generate_files()
    outdated = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stray = [path for path in (ROOT / "events/schemas").glob("*.json") if path not in files]
    lines = [f"{path.relative_to(ROOT)} is not up to date" for path in outdated]
    return lines + [f"{path.relative_to(ROOT)} has no event class" for path in stray]


def main() -> int:
    """Write the files, or check them."""
    if "--check" in sys.argv[1:]:
        lines = find_outdated()
        print("\n".join([*lines, "run: make generate"]) if lines else "generated files are up to date")
        return 1 if lines else 0
    files = generate_files()
    for stray in set((ROOT / "events/schemas").glob("*.json")) - set(files):
        stray.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
