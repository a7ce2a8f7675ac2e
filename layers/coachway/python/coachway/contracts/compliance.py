"""What happens to papers, with what a mail about it needs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal


class _Document(Event):
    """Which paper, and whose."""

    compliance_id: str
    subject_type: str
    subject_id: str
    document_type: str


class ComplianceSubmitted(_Document):
    """A paper was handed in; somebody has to judge it."""

    TYPE: ClassVar[str] = "compliance.submitted"


class ComplianceReviewed(_Document):
    """Somebody judged a paper."""

    TYPE: ClassVar[str] = "compliance.reviewed"

    status: str


class _Told(_Document):
    """With what a mail needs. Without an email, the organization itself is told."""

    document_name: str
    expiration_date: date
    subject_name: Annotated[str, Personal("driver")]
    subject_email: Annotated[str, Personal("driver")]


class DocumentExpiring(_Told):
    """An approved paper runs out in 30, 14, 7 or 1 days, and none is there to follow it."""

    TYPE: ClassVar[str] = "document.expiring"

    days_left: int


class DocumentExpired(_Told):
    """A paper ran out; `renewed` when another approved one holds."""

    TYPE: ClassVar[str] = "document.expired"

    renewed: bool
