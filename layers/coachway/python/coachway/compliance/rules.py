"""Which papers a subject must have, what may become of them, and when somebody is reminded. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from coachway.core.schemas import BaseSchema


class SubjectType(StrEnum):
    """What papers are about."""

    VENDOR = "vendor"
    DRIVER = "driver"
    VEHICLE = "vehicle"
    ORGANIZATION = "organization"


class DocumentType(StrEnum):
    """What a paper is."""

    BUSINESS_LICENSE = "business_license"
    INSURANCE_CERTIFICATE = "insurance_certificate"
    VEHICLE_REGISTRATION = "vehicle_registration"
    DRIVER_BACKGROUND_CHECK = "driver_background_check"
    SAFETY_INSPECTION = "safety_inspection"
    LIABILITY_INSURANCE = "liability_insurance"
    WORKERS_COMP = "workers_comp"
    DRIVERS_LICENSE = "drivers_license"
    MEDICAL_CERTIFICATE = "medical_certificate"
    BACKGROUND_CHECK = "background_check"
    OTHER = "other"
    """Anything else worth keeping; never required."""


class Status(StrEnum):
    """What has become of a paper."""

    PENDING = "pending"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to judge it."""
        return self in {Status.PENDING, Status.UNDER_REVIEW}


REQUIRED: Final[Mapping[SubjectType, tuple[DocumentType, ...]]] = {
    SubjectType.VENDOR: (
        DocumentType.BUSINESS_LICENSE,
        DocumentType.INSURANCE_CERTIFICATE,
        DocumentType.VEHICLE_REGISTRATION,
        DocumentType.DRIVER_BACKGROUND_CHECK,
        DocumentType.SAFETY_INSPECTION,
    ),
    SubjectType.DRIVER: (
        DocumentType.DRIVERS_LICENSE,
        DocumentType.MEDICAL_CERTIFICATE,
        DocumentType.BACKGROUND_CHECK,
    ),
    SubjectType.VEHICLE: (
        DocumentType.VEHICLE_REGISTRATION,
        DocumentType.INSURANCE_CERTIFICATE,
        DocumentType.SAFETY_INSPECTION,
    ),
    SubjectType.ORGANIZATION: (
        DocumentType.BUSINESS_LICENSE,
        DocumentType.LIABILITY_INSURANCE,
        DocumentType.WORKERS_COMP,
    ),
}
"""What each kind of subject must have, approved and unexpired."""

REVIEWS: Final[frozenset[tuple[Status, Status]]] = frozenset(
    {
        (Status.PENDING, Status.UNDER_REVIEW),
        (Status.PENDING, Status.APPROVED),
        (Status.PENDING, Status.REJECTED),
        (Status.UNDER_REVIEW, Status.APPROVED),
        (Status.UNDER_REVIEW, Status.REJECTED),
        # A judgement that was wrong, or a paper that turned out to be.
        (Status.APPROVED, Status.UNDER_REVIEW),
        (Status.APPROVED, Status.REJECTED),
        (Status.REJECTED, Status.UNDER_REVIEW),
        (Status.REJECTED, Status.APPROVED),
    }
)
"""Which status a reviewer may give after which. What is expired stays so: a new paper takes its place."""

REMINDER_DAYS: Final = (30, 14, 7, 1)
"""How many days before its expiry somebody is reminded of an approved paper, once each."""

MORNING: Final = 8
"""The hour, on the organization's clock, at which reminders go out and expired papers are marked."""


class DocumentSummary(BaseSchema):
    """As much of a document as says whether its subject is in order."""

    id: str
    document_type: DocumentType
    status: Status
    expiration_date: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it has not run out by the end of `day`."""
        return self.expiration_date is None or day <= self.expiration_date


class ComplianceStatus(BaseSchema):
    """Whether a subject has all it must have on a day; each required type that it lacks is in just one of the lists."""

    on_date: date
    is_compliant: bool
    missing: list[DocumentType] = Field(default_factory=list)
    expired: list[DocumentType] = Field(default_factory=list)
    """There is one, but it will have run out by then."""
    pending: list[DocumentType] = Field(default_factory=list)
    """There is one that nobody has judged yet."""
    rejected: list[DocumentType] = Field(default_factory=list)

    def lacking(self) -> list[DocumentType]:
        """Every required type that is not in order."""
        return [*self.missing, *self.expired, *self.pending, *self.rejected]

    def reasons(self) -> list[str]:
        """What is wrong, one sentence each: `NotFound required document: business_license`."""
        payload = (
            ("Missing required document", self.missing),
            (f"Required document is expired on {self.on_date}", self.expired),
            ("Required document is not approved yet", self.pending),
            ("Required document was rejected", self.rejected),
        )
        return [f"{what}: {kind}" for what, kinds in payload for kind in kinds]


def compliance_status(
    papers: Iterable[DocumentSummary], required: Iterable[DocumentType], on_date: date
) -> ComplianceStatus:
    """Whether `papers` hold everything `required`, approved and unexpired, through the end of `on_date`."""
    by_type: dict[DocumentType, list[DocumentSummary]] = {}
    for paper in papers:
        by_type.setdefault(paper.document_type, []).append(paper)
    result = ComplianceStatus(on_date=on_date, is_compliant=True)
    for kind in required:
        lack = _missing_document(by_type.get(kind, []), on_date)
        if lack is not None:
            result.is_compliant = False
            getattr(result, lack).append(kind)
    return result


def _missing_document(papers: list[DocumentSummary], on_date: date) -> str | None:
    if any(paper.status is Status.APPROVED and paper.holds_on(on_date) for paper in papers):
        return None
    if any(paper.status.is_open and paper.holds_on(on_date) for paper in papers):
        return "pending"
    if any(paper.status is not Status.REJECTED for paper in papers):
        return "expired"
    return "rejected" if papers else "missing"


def is_allowed_transition(before: Status, after: Status) -> bool:
    """Whether a reviewer may take a paper from one status to the other; staying is allowed, but for what is expired."""
    return (before, after) in REVIEWS or (before is after and before is not Status.EXPIRED)


def next_day(status: Status, expiration_date: date | None, after: date) -> date | None:
    """The first day later than `after` on which the timer must look at a paper; None if there is none.

    Approved papers are looked at on the days of reminders, and all that are not rejected on the day after they expire.
    """
    if expiration_date is None or status in {Status.REJECTED, Status.EXPIRED}:
        return None
    days = [expiration_date + timedelta(days=1)]
    if status is Status.APPROVED:
        days += [expiration_date - timedelta(days=before) for before in REMINDER_DAYS]
    return min((day for day in days if day > after), default=max(days))


def reminder_due(expiration_date: date, today: date, sent: Iterable[int]) -> int | None:
    """Which reminder is due (30, 14, 7 or 1), or None. Of several that were missed, the last one counts."""
    reached = [days for days in REMINDER_DAYS if expiration_date - timedelta(days=days) <= today <= expiration_date]
    if not reached or any(days <= min(reached) for days in sent):
        return None
    return min(reached)


def has_valid_replacement(paper: DocumentSummary, papers: Iterable[DocumentSummary]) -> bool:
    """Whether another approved paper of the same type holds for longer."""
    return any(
        other.id != paper.id
        and other.document_type is paper.document_type
        and other.status is Status.APPROVED
        and (
            other.expiration_date is None
            or (paper.expiration_date is not None and other.expiration_date > paper.expiration_date)
        )
        for other in papers
    )
