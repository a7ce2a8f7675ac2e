"""The timer, through the mornings of an organization, on the table in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from coachway.compliance import expiry_job, reminder_times, service
from coachway.compliance.expiry_job import Reminding
from coachway.compliance.model import DocumentInput, ReviewInput
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.fleet import drivers
from coachway.fleet.model import DRIVER_EXAMPLE, NewDriver
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.vendors import service as vendors
from coachway.vendors.model import VendorInput
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG

START = datetime(2027, 1, 1, 12, tzinfo=UTC)
"""In Los Angeles it is four in the morning."""


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found("America/Los_Angeles")


def vendor() -> str:
    wanted = VendorInput.model_validate(carriers.PREMIUM)
    return vendors.create(CALLER, wanted).id


def document(vendor_id: str, kind: str = "business_license", *, expires: str, status: str = "") -> str:
    wanted = {
        "vendor_id": vendor_id,
        "document_type": kind,
        "document_name": kind,
        "expiration_date": expires,
    }
    made = service.submit_document(CALLER, DocumentInput.model_validate(wanted))
    if status:
        service.review_document(CALLER, made.id, ReviewInput.model_validate({"status": status}), None)
    return made.id


def paper(expires: str) -> str:
    with clock.frozen(START):
        return document(vendor(), expires=expires, status="approved")


def run(at: datetime) -> Reminding:
    with clock.frozen(at):
        reminder_times.clear_timezone_cache()
        return expiry_job.run()


def told(compliance_id: str) -> list[tuple[str, int | None, str]]:
    """What happened to a paper, and on which local day and hour."""
    history = store.history(service.get(CALLER, compliance_id).key())
    hours = [(each, each.occurred_at - timedelta(hours=8)) for each in history]
    return [
        (each.type, each.data.get("days_left"), f"{at:%m-%d %H}")
        for each, at in hours
        if each.type.startswith("document.")
    ]


def hourly(first: datetime, last: datetime) -> None:
    at = first
    while at <= last:
        run(at)
        at += timedelta(hours=1)


def test_an_hourly_timer_reminds_four_times_and_expires_once_at_eight_in_the_morning() -> None:
    made = paper("2027-02-10")
    for month, day in ((1, 11), (1, 27), (2, 3), (2, 9), (2, 11)):
        hourly(datetime(2027, month, day, 14, tzinfo=UTC), datetime(2027, month, day, 18, tzinfo=UTC))
    assert told(made) == [
        ("document.expiring", 30, "01-11 08"),
        ("document.expiring", 14, "01-27 08"),
        ("document.expiring", 7, "02-03 08"),
        ("document.expiring", 1, "02-09 08"),
        ("document.expired", None, "02-11 08"),
    ]
    kept = service.get(CALLER, made)
    assert (kept.status, kept.reminders_sent, kept.reminder_sent, kept.due_at) == (
        "expired",
        [30, 14, 7, 1],
        True,
        None,
    )
    assert [each.status for each in carriers.subject(kept.subject_id).papers] == ["expired"]


def test_after_an_outage_one_reminder_tells_what_is_left() -> None:
    made = paper("2027-02-10")
    assert run(datetime(2027, 1, 2, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 6, tzinfo=UTC)).reminded == 1
    assert told(made) == [("document.expiring", 5, "02-05 16")]
    assert run(datetime(2027, 2, 6, 1, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 9, 17, tzinfo=UTC)).reminded == 1


def test_running_it_twice_in_an_hour_does_nothing_twice() -> None:
    paper("2027-01-31")
    run(datetime(2027, 1, 1, 15, tzinfo=UTC))
    assert run(datetime(2027, 1, 1, 16, 5, tzinfo=UTC)).reminded == 1
    assert run(datetime(2027, 1, 1, 16, 6, tzinfo=UTC)) == Reminding()


def test_a_paper_that_was_renewed_is_not_reminded_of_and_expires_quietly() -> None:
    with clock.frozen(START):
        ven = vendor()
        old = document(ven, expires="2027-01-31", status="approved")
        document(ven, expires="2029-01-31", status="approved")
    run(START)
    assert run(datetime(2027, 1, 25, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 1, 16, tzinfo=UTC)).expired == 1
    last = store.history(service.get(CALLER, old).key())[-1]
    assert (last.type, last.data["renewed"]) == ("document.expired", True)


def test_a_rejected_paper_is_never_looked_at_and_a_pending_one_expires() -> None:
    with clock.frozen(START):
        ven = vendor()
        document(ven, "business_license", expires="2027-01-31", status="rejected")
        pending = document(ven, "safety_inspection", expires="2027-01-31")
    run(START)
    assert run(datetime(2027, 1, 30, tzinfo=UTC)) == Reminding()
    assert run(datetime(2027, 2, 1, 16, tzinfo=UTC)) == Reminding(expired=1)
    assert service.get(CALLER, pending).status == "expired"


def test_nobody_is_reminded_of_the_papers_of_a_driver_who_has_gone() -> None:
    with clock.frozen(START):
        rosa = drivers.create_driver(CALLER, NewDriver.model_validate_json(json.dumps(DRIVER_EXAMPLE))).id
        wanted = {"driver_id": rosa, "document_type": "medical_certificate", "document_name": "Card"}
        card = service.submit_document(
            CALLER, DocumentInput.model_validate({**wanted, "expiration_date": "2027-02-15"})
        ).id
        service.review_document(CALLER, card, ReviewInput.model_validate({"status": "approved"}), None)
        drivers.delete_driver(CALLER, rosa, None)
    run(START)
    assert run(datetime(2027, 1, 16, 17, tzinfo=UTC)) == Reminding()
    assert told(card) == []
    assert service.get(CALLER, card).due_at is None


def test_a_paper_that_had_run_out_when_it_came_is_marked_the_same_day() -> None:
    with clock.frozen(START):
        made = document(vendor(), expires="2026-06-01")
    assert run(START + timedelta(minutes=1)).expired == 1
    assert service.get(CALLER, made).status == "expired"


def test_an_organization_that_moved_west_is_told_in_its_new_morning() -> None:
    made = paper("2027-01-31")
    run(datetime(2027, 1, 1, 15, tzinfo=UTC))
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(CALLER, Update(before, before.model_copy(update={"timezone": "Pacific/Honolulu"})))
    assert run(datetime(2027, 1, 1, 16, 5, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 1, 1, 18, 5, tzinfo=UTC)).reminded == 1
    assert told(made)[0][:2] == ("document.expiring", 30)
