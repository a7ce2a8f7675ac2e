"""What events about documents say, as far as a mail tells of it.

Compliance stands beside messaging, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict

from coachway.core.documents.formatting import humanized
from coachway.core.schemas import BaseSchema


class Document(BaseSchema):
    """A document with a last day."""

    model_config = ConfigDict(extra="ignore")

    document_type: str
    document_name: str
    expiration_date: date
    subject_name: str
    subject_email: str

    def kind(self) -> str:
        """`Business license`."""
        return humanized(self.document_type)

    def day(self) -> str:
        """`March 3, 2027`."""
        return f"{self.expiration_date:%B} {self.expiration_date.day}, {self.expiration_date.year}"


class Expiring(Document):
    """A document that runs out soon."""

    days_left: int

    def left(self) -> str:
        """`in 7 days`."""
        if self.days_left < 1:
            return "today"
        return "in 1 day" if self.days_left == 1 else f"in {self.days_left} days"


class Expired(Document):
    """A document that ran out."""

    renewed: bool
