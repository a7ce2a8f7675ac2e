"""Rules on required documents, their review and their reminders. Pure: no clock, no I/O."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from coachway.core.schemas import BaseSchema


class SubjectType(StrEnum):
    """The type of the owner of a document."""

    VENDOR = "vendor"
    DRIVER = "driver"
    VEHICLE = "vehicle"
    ORGANIZATION = "organization"


class DocumentType(StrEnum):
    """The type of a document."""

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
    """Any other document; never required."""

    @property
    def label(self) -> str:
        """The type in words: `business license`."""
        return self.value.replace("_", " ")


class DocumentStatus(StrEnum):
    """The status of a document."""

    PENDING = "pending"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether the document waits for review."""
        return self in {DocumentStatus.PENDING, DocumentStatus.UNDER_REVIEW}


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
"""The documents that each kind of subject must have, approved and unexpired."""

REVIEWS: Final[frozenset[tuple[DocumentStatus, DocumentStatus]]] = frozenset(
    {
        (DocumentStatus.PENDING, DocumentStatus.UNDER_REVIEW),
        (DocumentStatus.PENDING, DocumentStatus.APPROVED),
        (DocumentStatus.PENDING, DocumentStatus.REJECTED),
        (DocumentStatus.UNDER_REVIEW, DocumentStatus.APPROVED),
        (DocumentStatus.UNDER_REVIEW, DocumentStatus.REJECTED),
        # Corrections of a review.
        (DocumentStatus.APPROVED, DocumentStatus.UNDER_REVIEW),
        (DocumentStatus.APPROVED, DocumentStatus.REJECTED),
        (DocumentStatus.REJECTED, DocumentStatus.UNDER_REVIEW),
        (DocumentStatus.REJECTED, DocumentStatus.APPROVED),
    }
)
"""The status changes that a reviewer can make. An expired document stays expired: a new one replaces it."""

REMINDER_DAYS: Final = (30, 14, 7, 1)
"""How many days before an approved document expires a reminder is sent, once each."""

MORNING: Final = 8
"""The hour, in the organization's time zone, at which reminders are sent and expired documents are marked."""


class DocumentSummary(BaseSchema):
    """The part of a document that decides whether its subject is compliant."""

    id: str
    document_type: DocumentType
    status: DocumentStatus
    expiration_date: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether the document is unexpired through the end of `day`."""
        return self.expiration_date is None or day <= self.expiration_date


class DocumentCompliance(BaseSchema):
    """Whether a subject has all required documents on a day. Each type that it lacks is in exactly one of the lists."""

    on_date: date
    is_compliant: bool
    missing: list[DocumentType] = Field(default_factory=list)
    expired: list[DocumentType] = Field(default_factory=list)
    """The document expires before that day."""
    pending: list[DocumentType] = Field(default_factory=list)
    """The document waits for review."""
    rejected: list[DocumentType] = Field(default_factory=list)

    def list_missing_documents(self) -> list[DocumentType]:
        """All required types that are missing, expired, pending or rejected."""
        return [*self.missing, *self.expired, *self.pending, *self.rejected]

    def reasons(self) -> list[str]:
        """The reasons for non-compliance, one sentence each: `Missing required document: business license`."""
        problems = (
            ("Missing required document", self.missing),
            (f"Required document is not valid on {self.on_date}", self.expired),
            ("Required document is not approved yet", self.pending),
            ("Required document was rejected", self.rejected),
        )
        return [f"{problem}: {kind.label}" for problem, kinds in problems for kind in kinds]


def compliance_status(
    documents: Iterable[DocumentSummary], required: Iterable[DocumentType], on_date: date
) -> DocumentCompliance:
    """Whether `documents` contain every required type, approved and unexpired, through the end of `on_date`."""
    by_type: dict[DocumentType, list[DocumentSummary]] = {}
    for document in documents:
        by_type.setdefault(document.document_type, []).append(document)
    result = DocumentCompliance(on_date=on_date, is_compliant=True)
    for kind in required:
        problem = _unmet_list_name(by_type.get(kind, []), on_date)
        if problem is not None:
            result.is_compliant = False
            getattr(result, problem).append(kind)
    return result


def _unmet_list_name(documents: list[DocumentSummary], on_date: date) -> str | None:
    """The list of `DocumentCompliance` that a type belongs to, given its documents; None if one is in order."""
    if any(document.status is DocumentStatus.APPROVED and document.is_valid_on(on_date) for document in documents):
        return None
    if any(document.status.is_open and document.is_valid_on(on_date) for document in documents):
        return "pending"
    if any(document.status is not DocumentStatus.REJECTED for document in documents):
        return "expired"
    return "rejected" if documents else "missing"


def is_allowed_transition(before: DocumentStatus, after: DocumentStatus) -> bool:
    """Whether a reviewer can make this status change. Keeping the status is allowed, unless it is expired."""
    return (before, after) in REVIEWS or (before is after and before is not DocumentStatus.EXPIRED)


def next_day(status: DocumentStatus, expiration_date: date | None, after: date) -> date | None:
    """The first day after `after` on which the timer must process a document; None if there is none.

    Approved documents are processed on the days of their reminders, and all that are not rejected on the day after
    they expire.
    """
    if expiration_date is None or status in {DocumentStatus.REJECTED, DocumentStatus.EXPIRED}:
        return None
    days = [expiration_date + timedelta(days=1)]
    if status is DocumentStatus.APPROVED:
        days += [expiration_date - timedelta(days=before) for before in REMINDER_DAYS]
    return min((day for day in days if day > after), default=max(days))


def reminder_due(expiration_date: date, today: date, sent: Iterable[int]) -> int | None:
    """The reminder that is due (30, 14, 7 or 1), or None. If several were missed, only the last is due."""
    reached = [days for days in REMINDER_DAYS if expiration_date - timedelta(days=days) <= today <= expiration_date]
    if not reached or any(days <= min(reached) for days in sent):
        return None
    return min(reached)


def has_valid_replacement(document: DocumentSummary, others: Iterable[DocumentSummary]) -> bool:
    """Whether another approved document of the same type is valid for longer."""
    return any(
        other.id != document.id
        and other.document_type is document.document_type
        and other.status is DocumentStatus.APPROVED
        and (
            other.expiration_date is None
            or (document.expiration_date is not None and other.expiration_date > document.expiration_date)
        )
        for other in others
    )
