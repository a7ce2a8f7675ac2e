"""Events of compliance documents."""

from datetime import date
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal


class _Document(Event):
    """The document and its subject."""

    compliance_id: str
    subject_type: str
    subject_id: str
    document_type: str


class ComplianceSubmitted(_Document):
    """A document was submitted for review."""

    TYPE: ClassVar[str] = "compliance.submitted"


class ComplianceReviewed(_Document):
    """A document was reviewed."""

    TYPE: ClassVar[str] = "compliance.reviewed"

    status: str


class _Notice(_Document):
    """The fields that a mail needs. If the subject has no email, the organization is notified."""

    document_name: str
    expiration_date: date
    subject_name: Annotated[str, Personal("driver")]
    subject_email: Annotated[str, Personal("driver")]


class DocumentExpiring(_Notice):
    """An approved document expires in at most 30, 14, 7 or 1 days and has no valid replacement."""

    TYPE: ClassVar[str] = "document.expiring"

    days_left: int


class DocumentExpired(_Notice):
    """A document expired. `renewed` is true if another approved document replaces it."""

    TYPE: ClassVar[str] = "document.expired"

    renewed: bool
