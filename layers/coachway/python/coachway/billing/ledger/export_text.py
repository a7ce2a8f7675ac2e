"""Text for exports: cells that spreadsheets do not run, and names that QuickBooks accepts. Pure."""

import re
import unicodedata
from typing import Final

MAX_QUICKBOOKS_NAME: Final = 41
_ID_CHARACTERS: Final = 8
_FORMULA_STARTS: Final = frozenset("=+-@")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")


def escape_formula(text: str) -> str:
    """Quote text that a spreadsheet would run as a formula (OWASP: CSV injection). Numbers stay numbers.

    Spreadsheets ignore spaces and control characters before a formula, and read full-width signs like ASCII ones.
    """
    if _NUMBER.fullmatch(text):
        return text
    visible = next((character for character in text if not _is_blank(character)), "")
    is_formula = unicodedata.normalize("NFKC", visible) in _FORMULA_STARTS
    return f"'{text}" if is_formula or text.startswith(("\t", "\r", "\n")) else text


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character).startswith("C")


def strip_separators(text: str) -> str:
    """Replace tabs, newlines and quotes by spaces: IIF cannot escape them."""
    return re.sub(r'[\s"]+', " ", text).strip()


def format_quickbooks_name(party_id: str, name: str) -> str:
    """Return the name of a client or vendor in QuickBooks: `Acme Events #M2P4R6SA`.

    QuickBooks identifies customers and vendors by one list of names, without colons and of at most 41 characters. The
    end of the id makes the name unique, and the same in every export, whichever other parties the export contains.
    """
    suffix = f"#{party_id[-_ID_CHARACTERS:]}"
    text = escape_formula(strip_separators(name.replace(":", " ")))
    return f"{text[: MAX_QUICKBOOKS_NAME - len(suffix) - 1].rstrip()} {suffix}".lstrip()
