"""Rules on required documents, their review and their reminders."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.compliance import reminder_times, rules
from coachway.compliance.rules import REQUIRED, DocumentStatus, DocumentSummary, DocumentType, SubjectType

DAY = date(2027, 3, 3)
VENDOR = REQUIRED[SubjectType.VENDOR]
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
DOCUMENTS = st.lists(
    st.builds(
        DocumentSummary,
        id=st.uuids().map(str),
        document_type=st.sampled_from(DocumentType),
        status=st.sampled_from(DocumentStatus),
        expiration_date=st.none() | DAYS,
    ),
    max_size=12,
)


def build_document(
    kind: DocumentType, status: DocumentStatus = DocumentStatus.APPROVED, until: date | None = DAY
) -> DocumentSummary:
    return DocumentSummary(id=kind, document_type=kind, status=status, expiration_date=until)


def test_vendor_with_all_documents_is_compliant_through_expiry_day() -> None:
    documents = [build_document(kind) for kind in VENDOR]
    assert rules.compliance_status(documents, VENDOR, DAY).is_compliant
    tomorrow = rules.compliance_status(documents, VENDOR, DAY + timedelta(days=1))
    assert (tomorrow.is_compliant, tomorrow.expired) == (False, list(VENDOR))


def test_compliance_status_reasons_name_each_problem() -> None:
    _, insurance, registration, check, inspection = VENDOR
    documents = [
        build_document(insurance, DocumentStatus.PENDING),
        build_document(registration, until=DAY - timedelta(days=1)),
        build_document(check, DocumentStatus.REJECTED),
        build_document(inspection),
    ]
    result = rules.compliance_status(documents, VENDOR, DAY)
    assert result.reasons() == [
        "Missing required document: business license",
        "Required document is not valid on 2027-03-03: vehicle registration",
        "Required document is not approved yet: insurance certificate",
        "Required document was rejected: driver background check",
    ]


@given(DOCUMENTS, DAYS)
def test_compliance_status_each_type_is_valid_or_in_one_list(documents: list[DocumentSummary], day: date) -> None:
    result = rules.compliance_status(documents, VENDOR, day)
    missing_types = result.list_missing_documents()
    assert len(missing_types) == len(set(missing_types))
    assert result.is_compliant == (not missing_types)
    for kind in VENDOR:
        valid = any(
            each.document_type is kind
            and each.status is DocumentStatus.APPROVED
            and (each.expiration_date is None or each.expiration_date >= day)
            for each in documents
        )
        assert valid == (kind not in missing_types)


@given(DOCUMENTS, DAYS, st.integers(1, 400))
def test_compliance_status_does_not_improve_with_time(documents: list[DocumentSummary], day: date, days: int) -> None:
    if not rules.compliance_status(documents, VENDOR, day).is_compliant:
        assert not rules.compliance_status(documents, VENDOR, day + timedelta(days=days)).is_compliant


@pytest.mark.parametrize(
    ("days_left", "sent", "due"),
    [
        (31, [], None),
        (30, [], 30),
        (30, [30], None),
        (20, [], 30),
        (14, [30], 14),
        (14, [30, 14], None),
        (3, [30], 7),
        (1, [30, 14, 7], 1),
        (0, [], 1),
        (0, [1], None),
        (-1, [], None),
        (20, [7], None),
    ],
)
def test_reminder_due_sends_each_reminder_once_and_skips_missed(
    days_left: int, sent: list[int], due: int | None
) -> None:
    assert rules.reminder_due(DAY, DAY - timedelta(days=days_left), sent) == due


@given(DAYS, st.integers(-400, 60))
def test_next_day_leads_to_every_reminder_and_expiry(expires: date, lead: int) -> None:
    today, sent, steps = expires + timedelta(days=lead), list[int](), 0
    first = today
    while (day := rules.next_day(DocumentStatus.APPROVED, expires, today)) is not None and day <= expires:
        assert day > today
        today, steps = day, steps + 1
        due = rules.reminder_due(expires, today, sent)
        assert due is not None
        sent.append(due)
    assert sent == [days for days in rules.REMINDER_DAYS if expires - timedelta(days=days) > first]
    assert rules.next_day(DocumentStatus.EXPIRED, expires, today) is None


@given(DAYS, DAYS)
def test_next_day_of_pending_document_is_after_expiry(expires: date, today: date) -> None:
    assert rules.next_day(DocumentStatus.PENDING, expires, today) == expires + timedelta(days=1)
    assert rules.next_day(DocumentStatus.REJECTED, expires, today) is None
    assert rules.next_day(DocumentStatus.APPROVED, None, today) is None


def test_expired_document_cannot_change_status() -> None:
    for status in DocumentStatus:
        assert not rules.is_allowed_transition(DocumentStatus.EXPIRED, status)
        assert not rules.is_allowed_transition(status, DocumentStatus.PENDING) or status is DocumentStatus.PENDING


@pytest.mark.parametrize(
    ("timezone", "day", "utc"),
    [
        ("America/New_York", date(2027, 3, 13), "2027-03-13T13:00:00+00:00"),
        ("America/New_York", date(2027, 3, 14), "2027-03-14T12:00:00+00:00"),
        ("Pacific/Auckland", date(2027, 3, 14), "2027-03-13T19:00:00+00:00"),
    ],
)
def test_morning_of_uses_the_organizations_time_zone(timezone: str, day: date, utc: str) -> None:
    assert reminder_times.get_morning(day, timezone).isoformat() == utc


def test_last_morning_day_changes_at_eight() -> None:
    assert reminder_times.last_morning_day(datetime(2027, 3, 3, 12, 59, tzinfo=UTC), "America/New_York") == date(
        2027, 3, 2
    )
    assert reminder_times.last_morning_day(datetime(2027, 3, 3, 13, 0, tzinfo=UTC), "America/New_York") == date(
        2027, 3, 3
    )


def test_replacement_must_be_approved_same_type_and_valid_longer() -> None:
    old = build_document(VENDOR[0])
    later = DocumentSummary(
        id="2", document_type=VENDOR[0], status=DocumentStatus.APPROVED, expiration_date=DAY + timedelta(days=9)
    )
    assert rules.has_valid_replacement(old, [old, later])
    assert rules.has_valid_replacement(old, [later.model_copy(update={"expiration_date": None})])
    assert not rules.has_valid_replacement(later, [old, later])
    assert not rules.has_valid_replacement(old, [old, later.model_copy(update={"status": DocumentStatus.PENDING})])
    assert not rules.has_valid_replacement(old, [old, later.model_copy(update={"document_type": VENDOR[1]})])
