"""The mark of fields that hold personal data."""

from dataclasses import dataclass
from typing import Final, Literal

Person = Literal["client", "driver", "user", "vendor"]
"""Whose personal data it is. A client's includes that of its contacts and passengers, and all notes about its trips."""

ERASED: Final = "erased"
"""Replaces a text that must not be empty."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field of a record or an event that holds personal data: `notes: Annotated[Note, Personal()]`.

    When the person is erased, the field becomes None if its type allows it, else an empty list if it is one, else
    `blank`.
    """

    data_subject: Person = "client"
    blank: str = ""
