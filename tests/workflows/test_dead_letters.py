"""What fails is set aside, holds back nobody, and comes back when its cause is mended; who dies is replaced."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from coachway.bookings.charters.model import CHARTER
from coachway.core.persistence.domain_events import Actor, Envelope
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.messaging.model import NOTIFICATION, Notification
from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier, has_one_mail
from tests.workflows.faults import Queue, Tap, kill, made, sms_fails

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def carrier(tap: Tap, own: Stack) -> Carrier:
    """Signed up when the tap was open already: it got everything."""
    return Carrier.opened(own)


def test_a_message_that_fails_is_set_aside_and_comes_back_when_the_cause_is_mended(
    carrier: Carrier, own: Stack, queue: Queue
) -> None:
    phone = _driver(carrier)
    dead, rubbish = Queue(own, "messaging-dead"), json.dumps({"detail-type": "charter.booked", "detail": {}})
    with queue.impatient(3):
        with sms_fails(own):
            carrier.ask("POST", "/auth/otp/request", {"organization": carrier.slug, "phone": phone})
            queue.send(rubbish)
            has_one_mail(carrier, carrier.invite("meanwhile"))
            eventually(lambda: dead.length() == 2, 90, "it was not set aside")
            assert [each["status"] for each in carrier.notifications(phone)] == ["waiting"]
        assert "Dead-letter messages moved back: 2" in made(own, "redrive")
        eventually(lambda: own.texts(phone), 40, "no text message after the redrive")
        eventually(lambda: dead.length() == 1, 90, "what cannot be understood was not set aside again")
        queue.is_empty()
    assert dead.taken() == [rubbish]
    assert len(own.texts(phone)) == 1
    assert [each["status"] for each in carrier.notifications(phone)] == ["sent"]


def _driver(carrier: Carrier) -> str:
    """The phone of somebody who logs in by codes."""
    phone = f"+1212556{random.randrange(10_000):04d}"
    driver = {"email": f"dee{phone[-4:]}@{carrier.slug}.example", "phone": phone, "role": "driver"}
    named = {"first_name": "Dee", "last_name": "Roe", "party_id": ids.new("drv")}
    carrier.ask("POST", "/users", driver | named)
    return phone


def _sent(carrier: Carrier, phone: str) -> dict[str, Any]:
    """The record of the one message to a number, once it says that it went out."""

    def sent() -> dict[str, Any] | None:
        known = carrier.notifications(phone)
        return known[0] if known and known[0]["status"] == "sent" else None

    return eventually(sent, 60, "it was not marked as sent")


def test_a_text_message_that_was_taken_without_an_answer_is_not_sent_twice(
    carrier: Carrier, own: Stack, queue: Queue
) -> None:
    phone = _driver(carrier)
    with queue.impatient(12):
        httpx.post(f"{own.config.sms_url}/behave", json={"mode": "time_out_after", "times": 1})
        carrier.ask("POST", "/auth/otp/request", {"organization": carrier.slug, "phone": phone})
        assert _sent(carrier, phone)["attempts"] > 1
        queue.is_empty()
    assert len(own.texts(phone)) == 1


def test_a_sender_killed_after_its_message_was_taken_is_replaced_and_nothing_is_sent_twice(
    carrier: Carrier, own: Stack, queue: Queue
) -> None:
    phone = _driver(carrier)
    with queue.impatient(5):
        httpx.post(f"{own.config.sms_url}/behave", json={"mode": "time_out_after", "times": 1})
        carrier.ask("POST", "/auth/otp/request", {"organization": carrier.slug, "phone": phone})
        eventually(lambda: own.texts(phone), 40, "it was not sent")
        assert kill(own, "messaging") > 0
        _end_lease(carrier, carrier.notifications(phone)[0]["id"])
        assert _sent(carrier, phone)["attempts"] == 2
        queue.is_empty()
    assert len(own.texts(phone)) == 1


def _end_lease(carrier: Carrier, notification_id: str) -> None:
    """Let the time pass that the killed sender had the message to itself."""
    table, place = carrier.stack.client("dynamodb"), NOTIFICATION.key(org=carrier.org_id, id=notification_id)
    at = {"pk": {"S": place.pk}, "sk": {"S": place.sk}}
    kept = table.get_item(TableName=carrier.stack.table, Key=at, ConsistentRead=True)["Item"]
    claimed = Notification.model_validate_json(kept["doc"]["S"])
    claimed.lease_until = datetime.now(UTC)
    table.put_item(TableName=carrier.stack.table, Item=to_item(claimed))


def test_an_event_that_the_bus_cannot_take_holds_back_nobody(own: Stack, tap: Tap) -> None:
    carrier = Carrier.opened(own)
    charter = carrier.ask("POST", "/charters", carrier.trip())
    buried = Queue(own, "relay-dead")
    event_id = _put_event(carrier, charter["id"], "x" * 300_000)
    has_one_mail(carrier, carrier.invite("unhindered"))
    eventually(lambda: buried.length() == 1, 30, "it was not set aside")
    assert "Dead-letter messages moved back: 0" in made(own, "redrive")
    eventually(lambda: buried.length() == 1, 30, "what is still too large was not set aside again")
    assert event_id not in tap.ids()
    _put_event(carrier, charter["id"], "short", event_id)
    assert "Dead-letter messages moved back: 1" in made(own, "redrive")
    eventually(lambda: event_id in tap.ids(), 30, "the mended event was not published")
    assert buried.length() == 0


def _put_event(carrier: Carrier, charter_id: str, text: str, event_id: str = "") -> str:
    """An event as the store would write it; its id."""
    envelope = Envelope(
        event_id=event_id or ids.ulid(),
        type="charter.modified",
        org_id=carrier.org_id,
        aggregate_id=charter_id,
        aggregate_pk=CHARTER.partition(org=carrier.org_id, id=charter_id),
        occurred_at=datetime.now(UTC),
        actor=Actor(user_id="test", role="system"),
        correlation_id=ids.ulid(),
        data={"notes": text},
    )
    carrier.stack.client("dynamodb").put_item(TableName=carrier.stack.table, Item=to_item(envelope))
    return envelope.event_id
