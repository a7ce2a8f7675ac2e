"""Reminders of quotes that expire, on the table in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from coachway.bookings.quotes import reminder_job
from coachway.clients.model import Client, EmailPreferences
from coachway.core import store
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from tests.integration.bookings import builders
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    create_charter,
    send_quote,
    send_request,
    set_status,
)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    builders.create_organizations()


def run_job(hours: float) -> dict[str, int]:
    """Run the timer in some hours."""
    with clock.frozen(clock.now() + timedelta(hours=hours)):
        return reminder_job.run().model_dump()


def list_reminders(charter_id: str) -> list[dict[str, Any]]:
    entries = send_request("GET", f"/charters/{charter_id}/history").json()["items"]
    return [each["data"] for each in entries if each["type"] == "quote.reminder_sent"]


def test_client_is_reminded_once_before_the_quote_expires() -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    assert run_job(70)["sent"] == 0
    assert run_job(97)["sent"] == 1
    assert run_job(97) == run_job(130) == {"sent": 0, "skipped": 0, "failed": 0}
    [reminder] = list_reminders(charter["id"])
    assert (reminder["client_email"], reminder["number"]) == ("e@acme.example", charter["number"])


def test_quote_that_is_valid_for_a_short_time_has_no_reminder() -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=24)
    assert run_job(23) == {"sent": 0, "skipped": 0, "failed": 0}


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_answered_quote_has_no_reminder(action: str) -> None:
    charter = create_charter()
    answer: dict[str, Any] = {"reason": "Too late"} if action == "decline" else {}
    assert answer_quote(send_quote(charter["id"], hours=120), action, **answer).status == 200
    assert run_job(97)["sent"] == 0
    assert list_reminders(charter["id"]) == []


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_revised_quote_is_reminded_of_only_if_it_is_sent_again(is_sent_again: bool) -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41})
    if is_sent_again:
        send_quote(charter["id"], hours=120)
    assert run_job(97)["sent"] == int(is_sent_again)


def test_cancelled_charter_has_no_reminder() -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    set_status(charter["id"], "cancelled")
    assert run_job(97)["sent"] == 0


def test_organization_can_switch_reminders_off() -> None:
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(STAFF, Update(before, before.model_copy(update={"quote_reminders": False})))
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    assert run_job(97) == {"sent": 0, "skipped": 1, "failed": 0}


@pytest.mark.parametrize("choice", [{"reminders": False}, {"opted_out": True}])
def test_client_can_switch_reminders_off(choice: dict[str, bool]) -> None:
    store.commit(STAFF, Create(EmailPreferences(id=CLIENT_ID, org_id=ORG, **choice)))
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    assert run_job(97) == {"sent": 0, "skipped": 1, "failed": 0}


def test_link_that_was_sent_to_another_email_has_no_reminder() -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    before = store.get(Client, CLIENT.key(org=ORG, id=CLIENT_ID))
    store.commit(STAFF, Update(before, before.model_copy(update={"email": "new@acme.example"})))
    assert run_job(97) == {"sent": 0, "skipped": 1, "failed": 0}


def test_runs_at_once_send_one_reminder() -> None:
    charter = create_charter()
    send_quote(charter["id"], hours=120)
    with clock.frozen(clock.now() + timedelta(hours=97)), ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: reminder_job.run(), range(4)))
    assert sum(each.sent for each in results) == len(list_reminders(charter["id"])) == 1
