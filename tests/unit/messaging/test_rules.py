"""The same event makes the same message, and only one sender has it in hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.types import ids
from coachway.messaging import rules
from coachway.messaging.model import Channel, Notification, Status

NOW = datetime(2027, 3, 3, 12, tzinfo=UTC)
EVENT = "01K3ZV8N6Y3T5G7H9J1M2P4R6S"


def known(status: Status, lease: timedelta) -> Notification:
    return Notification(
        id=rules.notification_id(EVENT, "quote-sent", "a@b.example"),
        org_id="org_1",
        event_id=EVENT,
        about="chr_1",
        template="quote-sent",
        channel=Channel.EMAIL,
        recipient="a@b.example",
        status=status,
        lease_until=NOW + lease,
    )


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_message_has_one_id_that_begins_with_its_event_s_time(template: str, recipient: str) -> None:
    once = rules.notification_id(EVENT, template, recipient)
    assert once == rules.notification_id(EVENT, template, recipient)
    assert ids.is_id(once, "msg")
    assert ids.created_at_of(once) == ids.created_at_of(EVENT)


def test_another_event_template_or_recipient_is_another_message() -> None:
    made = {
        rules.notification_id(event, template, recipient)
        for event in (EVENT, "01K3ZV8N6Y3T5G7H9J1M2P4R6T")
        for template in ("quote-sent", "charter-booked")
        for recipient in ("a@b.example", "b@b.example")
    }
    assert len(made) == 8


@pytest.mark.parametrize(
    ("status", "lease", "step"),
    [
        (Status.SENT, timedelta(0), rules.Step.DONE),
        (Status.SENT, timedelta(hours=1), rules.Step.DONE),
        (Status.FAILED, timedelta(0), rules.Step.DONE),
        (Status.WAITING, timedelta(hours=1), rules.Step.TAKE_OVER),
        (Status.SENDING, timedelta(microseconds=1), rules.Step.LEAVE),
        (Status.SENDING, timedelta(0), rules.Step.TAKE_OVER),
    ],
)
def test_who_comes_second_looks_at_how_far_the_first_is(status: Status, lease: timedelta, step: rules.Step) -> None:
    assert rules.next_step(known(status, lease), NOW) is step
