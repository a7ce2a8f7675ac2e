"""Ids of messages, and the next step by lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.types import ids
from coachway.messaging import deduplication
from coachway.messaging.model import Channel, MessageStatus, Notification

NOW = datetime(2027, 3, 3, 12, tzinfo=UTC)
EVENT_ID = "01K3ZV8N6Y3T5G7H9J1M2P4R6S"


def build_notification(status: MessageStatus, lease: timedelta) -> Notification:
    return Notification(
        id=deduplication.notification_id(EVENT_ID, "quote-sent", "a@b.example"),
        org_id="org_1",
        event_id=EVENT_ID,
        about="chr_1",
        template="quote-sent",
        channel=Channel.EMAIL,
        recipient="a@b.example",
        status=status,
        lease_until=NOW + lease,
    )


@given(st.text(max_size=40), st.text(max_size=40))
def test_notification_id_is_stable_and_starts_with_event_time(template: str, recipient: str) -> None:
    message_id = deduplication.notification_id(EVENT_ID, template, recipient)
    assert message_id == deduplication.notification_id(EVENT_ID, template, recipient)
    assert ids.is_id(message_id, "msg")
    assert ids.get_created_at(message_id) == ids.get_created_at(EVENT_ID)


def test_notification_id_depends_on_event_template_and_recipient() -> None:
    message_ids = {
        deduplication.notification_id(event, template, recipient)
        for event in (EVENT_ID, "01K3ZV8N6Y3T5G7H9J1M2P4R6T")
        for template in ("quote-sent", "charter-booked")
        for recipient in ("a@b.example", "b@b.example")
    }
    assert len(message_ids) == 8


@pytest.mark.parametrize(
    ("status", "lease", "step"),
    [
        (MessageStatus.SENT, timedelta(0), deduplication.Step.DONE),
        (MessageStatus.SENT, timedelta(hours=1), deduplication.Step.DONE),
        (MessageStatus.FAILED, timedelta(0), deduplication.Step.DONE),
        (MessageStatus.WAITING, timedelta(hours=1), deduplication.Step.TAKE_OVER),
        (MessageStatus.SENDING, timedelta(microseconds=1), deduplication.Step.RETRY_LATER),
        (MessageStatus.SENDING, timedelta(0), deduplication.Step.TAKE_OVER),
    ],
)
def test_next_step_depends_on_status_and_lease(
    status: MessageStatus, lease: timedelta, step: deduplication.Step
) -> None:
    assert deduplication.next_step(build_notification(status, lease), NOW) is step
