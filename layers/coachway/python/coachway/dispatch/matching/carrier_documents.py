"""The documents of the carrier that runs a trip: the vendor that was awarded it, otherwise the organization."""

from datetime import date, datetime, timedelta
from typing import Final

from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core.persistence.records import Key

REVIEW_TIME: Final = timedelta(hours=24)
"""How long it takes to submit and approve documents. Earlier than this before its duty begins, a trip can be assigned
even if documents of the organization are missing. A vendor without valid documents cannot be assigned at all."""


def carrier_type(vendor_id: str | None) -> SubjectType:
    """The type of the carrier's documents."""
    return SubjectType.ORGANIZATION if vendor_id is None else SubjectType.VENDOR


def carrier_key(org_id: str, vendor_id: str | None) -> Key:
    """The key of the carrier's documents."""
    return subjects.build_subject_key(org_id, carrier_type(vendor_id), vendor_id or org_id)


def list_document_problems(carrier: Subject | None, vendor_id: str | None, on_date: date) -> list[str]:
    """List each document of the carrier that is missing, or not valid on a day; empty if all are in order."""
    name = "The organization" if vendor_id is None else "The vendor"
    compliance = status.evaluate_compliance(carrier, carrier_type(vendor_id), on_date)
    return [f"{name}: {reason}" for reason in compliance.reasons()]


def is_within_review_time(starts_at: datetime, now: datetime) -> bool:
    """Whether it is too late to submit and approve documents before the duty begins."""
    return starts_at - now < REVIEW_TIME
