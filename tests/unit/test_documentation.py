"""The documentation names only files, modules and decisions that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/coachway/python/coachway"
DECISIONS = ROOT / "docs/decisions"
DOCUMENTS = [
    ROOT / "README.md",
    *(path for path in sorted(ROOT.glob("docs/*.md")) if path.name != "data-map.md"),  # generated from the code
    *sorted(DECISIONS.glob("*.md")),
]
FOLDERS = "docs|events|functions|infra|layers|statemachines|tests|tools"
CAPABILITIES = "|".join(sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()))


def _quotes(text: str) -> Iterator[str]:
    """Texts in backticks, except those with placeholders and those about the example of `docs/add-a-capability.md`."""
    for quote in re.findall(r"`([^`\n]+)`", text):
        if not re.search(r"[<>{}*…$ ]|lost_items", quote):
            yield quote


def _module_exists(dotted: str) -> bool:
    path = PACKAGE.joinpath(*dotted.removeprefix("coachway.").split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_names_only_existing_files_and_modules(document: Path) -> None:
    missing = []
    for quote in _quotes(document.read_text()):
        if re.match(rf"({FOLDERS})/", quote):
            is_missing = not (ROOT / quote).exists()
        elif re.fullmatch(rf"({CAPABILITIES})/[\w/]+\.py", quote):
            is_missing = not (PACKAGE / quote).exists()
        elif re.fullmatch(rf"(coachway\.)?({CAPABILITIES})(\.[a-z_]+)+", quote):
            # Event types such as `bid.accepted` do not begin with the name of a package.
            is_missing = not _module_exists(quote)
        else:
            continue
        if is_missing:
            missing.append(quote)
    assert not missing


def test_every_decision_is_in_the_index() -> None:
    linked = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text())
    assert linked == sorted(path.name for path in DECISIONS.glob("0*.md"))


def test_readme_tour_can_be_repeated() -> None:
    tour = (ROOT / "README.md").read_text().partition("\n## Quick start\n")[2].partition("\n## ")[0]
    keys = re.findall(r"-H (['\"]Idempotency-Key: [^'\"]*['\"])", tour)
    assert keys
    assert [key for key in keys if not key.startswith('"Idempotency-Key: $TOUR')] == [], "a second tour repeats the key"
    assert '"email": "\'$TOUR\'@' in tour, "a second tour repeats the client's email"
    assert "INVOICE=$(ask /invoices -d" in tour, "a third tour finds no invoice to pay"
