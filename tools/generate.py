"""Writes every generated file, or with `--check` says which are not what the code would generate.

python -m tools.generate [--check]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tools import data_map, error_codes, event_schemas, gateway, openapi, template
from tools.entries import import_everything, serving
from tools.functions import ROOT


def generated() -> dict[Path, str]:
    """Every generated file's path and content."""
    import_everything()
    entries = serving()
    document = json.dumps(openapi.document(entries), indent=1, ensure_ascii=False) + "\n"
    return {
        ROOT / "docs/openapi.json": document,
        ROOT / "infra/api.yaml": gateway.definition(entries),
        ROOT / "infra/observability.yaml": template.observability(),
        ROOT / "template.yaml": template.template(),
        ROOT / "docs/data-map.md": data_map.page(),
        ROOT / "docs/errors.md": error_codes.markdown_page(),
        ROOT / "functions/docs/errors.html": error_codes.html_page(),
        **{ROOT / "events/schemas" / name: text for name, text in event_schemas.schemas().items()},
        **{directory / "__init__.py": "" for directory in _test_directories_without_init()},
    }


def _test_directories_without_init() -> set[Path]:
    """Directories of tests that are no packages yet: modules of one name in two of them would be taken for one."""
    directories = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    return {directory for directory in directories if not (directory / "__init__.py").exists()}


def drift() -> list[str]:
    """What is not as the code says: one line per file."""
    wanted = generated()
    wrong = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stray = [path for path in (ROOT / "events/schemas").glob("*.json") if path not in wanted]
    lines = [f"{path.relative_to(ROOT)} is not up to date" for path in wrong]
    return lines + [f"{path.relative_to(ROOT)} belongs to no event" for path in stray]


def main() -> int:
    """Write the files, or check them."""
    if "--check" in sys.argv[1:]:
        found = drift()
        print("\n".join(found) or "generated files are up to date")
        print("run: make generate" if found else "", end="\n" if found else "")
        return 1 if found else 0
    wanted = generated()
    for stray in set((ROOT / "events/schemas").glob("*.json")) - set(wanted):
        stray.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
