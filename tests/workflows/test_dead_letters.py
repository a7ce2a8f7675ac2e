"""Failed messages and events move to dead-letter queues, do not block others, and succeed after a redrive."""

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
from tests.workflows.faults import EventRecorder, Queue, fail_text_messages, kill_workers, run_command
from tests.workflows.organization_builders import Operator, wait_for_one_mail

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def operator(recorder: EventRecorder, restart_stack: Stack) -> Operator:
    """An organization whose events are recorded from its registration on."""
    return Operator.create(restart_stack)


def test_failed_message_moves_to_dead_letters_and_is_sent_after_redrive(
    operator: Operator, restart_stack: Stack, queue: Queue
) -> None:
    phone = _create_driver(operator)
    dead_letters = Queue(restart_stack, "messaging-dead")
    invalid_message = json.dumps({"detail-type": "charter.booked", "detail": {}})
    # The function is running already: its start must not take longer than the shortened delay.
    wait_for_one_mail(operator, operator.invite_user("before"))
    with queue.shorten_retry_delay(5):
        with fail_text_messages(restart_stack):
            operator.call("POST", "/auth/otp/request", {"organization": operator.slug, "phone": phone})
            queue.send(invalid_message)
            wait_for_one_mail(operator, operator.invite_user("meanwhile"))
            eventually(lambda: dead_letters.count_messages() == 2, 90, "it did not move to the dead-letter queue")
            assert [each["status"] for each in operator.list_notifications(phone)] == ["waiting"]
        assert "Dead-letter messages moved back: 2" in run_command(restart_stack, "redrive")
        eventually(lambda: restart_stack.texts(phone), 40, "no text message after the redrive")
        eventually(
            lambda: dead_letters.count_messages() == 1,
            90,
            "the invalid message did not move to the dead-letter queue again",
        )
        queue.wait_until_empty()
    assert dead_letters.take_all() == [invalid_message]
    assert len(restart_stack.texts(phone)) == 1
    assert [each["status"] for each in operator.list_notifications(phone)] == ["sent"]


def _create_driver(operator: Operator) -> str:
    """Create a driver who logs in by codes; returns the phone number."""
    phone = f"+1212556{random.randrange(10_000):04d}"
    driver = {"email": f"dee{phone[-4:]}@{operator.slug}.example", "phone": phone, "role": "driver"}
    identity = {"first_name": "Dee", "last_name": "Roe"}
    operator.call("POST", "/users", driver | identity)
    return phone


def _wait_until_sent(operator: Operator, phone: str) -> dict[str, Any]:
    """Wait until the one notification to a number is sent; returns it."""

    def find_sent() -> dict[str, Any] | None:
        records = operator.list_notifications(phone)
        return records[0] if records and records[0]["status"] == "sent" else None

    return eventually(find_sent, 60, "it was not marked as sent")


def test_text_message_provider_times_out_is_sent_once(operator: Operator, restart_stack: Stack, queue: Queue) -> None:
    phone = _create_driver(operator)
    with queue.shorten_retry_delay(12):
        httpx.post(f"{restart_stack.config.sms_url}/behave", json={"mode": "time_out_after", "times": 1}, timeout=60)
        operator.call("POST", "/auth/otp/request", {"organization": operator.slug, "phone": phone})
        assert _wait_until_sent(operator, phone)["attempts"] > 1
        queue.wait_until_empty()
    assert len(restart_stack.texts(phone)) == 1


def test_text_message_sender_killed_is_sent_once(operator: Operator, restart_stack: Stack, queue: Queue) -> None:
    phone = _create_driver(operator)
    with queue.shorten_retry_delay(5):
        httpx.post(f"{restart_stack.config.sms_url}/behave", json={"mode": "time_out_after", "times": 1}, timeout=60)
        operator.call("POST", "/auth/otp/request", {"organization": operator.slug, "phone": phone})
        eventually(lambda: restart_stack.texts(phone), 40, "it was not sent")
        assert kill_workers(restart_stack, "messaging") > 0
        _end_lease(operator, operator.list_notifications(phone)[0]["id"])
        assert _wait_until_sent(operator, phone)["attempts"] == 2
        queue.wait_until_empty()
    assert len(restart_stack.texts(phone)) == 1


def _end_lease(operator: Operator, notification_id: str) -> None:
    """End the lease that the killed sender holds on a notification."""
    dynamodb, record_key = operator.stack.client("dynamodb"), NOTIFICATION.key(org=operator.org_id, id=notification_id)
    item_key = {"pk": {"S": record_key.pk}, "sk": {"S": record_key.sk}}
    stored = dynamodb.get_item(TableName=operator.stack.table, Key=item_key, ConsistentRead=True)["Item"]
    notification = Notification.model_validate_json(stored["doc"]["S"])
    notification.lease_until = datetime.now(UTC)
    dynamodb.put_item(TableName=operator.stack.table, Item=to_item(notification))


def test_relay_oversized_event_does_not_block_other_events(restart_stack: Stack, recorder: EventRecorder) -> None:
    operator = Operator.create(restart_stack)
    charter = operator.call("POST", "/charters", operator.charter_body())
    dead_letters = Queue(restart_stack, "relay-dead")
    event_id = _store_event(operator, charter["id"], "x" * 300_000)
    wait_for_one_mail(operator, operator.invite_user("unhindered"))
    eventually(lambda: dead_letters.count_messages() == 1, 30, "it did not move to the dead-letter queue")
    assert "Dead-letter messages moved back: 0" in run_command(restart_stack, "redrive")
    eventually(
        lambda: dead_letters.count_messages() == 1,
        30,
        "the oversized event did not move to the dead-letter queue again",
    )
    assert event_id not in recorder.list_event_ids()
    _store_event(operator, charter["id"], "short", event_id)
    assert "Dead-letter messages moved back: 1" in run_command(restart_stack, "redrive")
    eventually(lambda: event_id in recorder.list_event_ids(), 30, "the corrected event was not published")
    assert dead_letters.count_messages() == 0


def _store_event(operator: Operator, charter_id: str, text: str, event_id: str = "") -> str:
    """Store an event of a charter; returns its id."""
    envelope = Envelope(
        event_id=event_id or ids.ulid(),
        type="charter.modified",
        org_id=operator.org_id,
        aggregate_id=charter_id,
        aggregate_pk=CHARTER.partition(org=operator.org_id, id=charter_id),
        occurred_at=datetime.now(UTC),
        actor=Actor(user_id="test", role="system"),
        correlation_id=ids.ulid(),
        data={"notes": text},
    )
    operator.stack.client("dynamodb").put_item(TableName=operator.stack.table, Item=to_item(envelope))
    return envelope.event_id
