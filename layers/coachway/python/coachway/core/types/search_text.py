"""What a record can be found by: the texts that a record declares for searches."""

from dataclasses import dataclass
from typing import Final

MAX_TITLE: Final = 80
MAX_ENTRIES: Final = 12


@dataclass(frozen=True, slots=True)
class SearchText:
    """The texts by which a record is found, and how it is shown among the results. Empty and missing texts are ignored.

    `title` and `subtitle` are copied to the search entries, so they must not contain what changes often.
    """

    title: str
    subtitle: str = ""
    numbers: tuple[str, ...] = ()
    """Numbers of documents, such as `CH-2026-000123`, which is found by `123` and `2026-000123` too."""
    codes: tuple[str | None, ...] = ()
    """License plates, registration and order numbers: found with and without spaces and dashes."""
    emails: tuple[str | None, ...] = ()
    phones: tuple[str | None, ...] = ()
    """Phone numbers: found by all digits, or the last seven or more."""
    names: tuple[str | None, ...] = ()
    """Found by the beginning of each word."""
    addresses: tuple[str | None, ...] = ()
    """Found by the beginning of each word with at least three letters, and by each number."""
    max_entries: int = MAX_ENTRIES
    """The number of words that get search entries. Each costs two write units."""
    client_id: str | None = None
    """The client that a result leads to, if the record itself has no page."""
