"""What clients, vendors and drivers read: texts meant for them, and no internal reasons."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.messaging.notifications.consumers import RULES_BY_EVENT
from coachway.messaging.rendering import renderer
from tests.unit.messaging.builders import SENDER, build_delivery
from tests.unit.messaging.sample_events import NONCE, SAMPLES
from tests.unit.messaging.test_rendering import build_message, render

_REASONS = ("reason", "decision_reason")


@pytest.mark.parametrize(
    "event_type", sorted(name for name, sample in SAMPLES.items() if any(field in sample for field in _REASONS))
)
def test_message_to_outsiders_contains_no_internal_reason(event_type: str) -> None:
    delivery = build_delivery(event_type, **dict.fromkeys(SAMPLES[event_type].keys() & set(_REASONS), "breakdown-9Q7"))
    for rule in RULES_BY_EVENT[event_type]:
        message = rule.build(delivery, SENDER)
        if message is not None and not message.is_to_organization:
            rendered = renderer.render_message(message, SENDER)
            assert "9Q7" not in rendered.subject + rendered.text + rendered.html


@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        ("bid.accepted", "message_to_vendor"),
        ("bid.called_off", "message_to_vendor"),
        ("bid.rejected", "message_to_vendor"),
        ("charter.cancelled", "message_to_client"),
        ("invoice.voided", "message_to_client"),
        ("refund.completed", "message_to_client"),
        ("assignment.released", "message_to_driver"),
    ],
)
def test_message_contains_the_text_for_its_recipient(event_type: str, field: str) -> None:
    fields: dict[str, Any] = {field: "See you <soon>"}
    assert "See you <soon>" in render(event_type, **fields).text


@pytest.mark.parametrize(
    ("was_booked", "quote_was_sent", "subject"),
    [(True, False, "Cancelled: CH-2027-000001"), (False, True, "Withdrawn: quote CH-2027-000001"), (False, False, "")],
)
def test_cancellation_is_sent_only_to_a_client_who_knows_of_the_trip(
    was_booked: bool, quote_was_sent: bool, subject: str
) -> None:
    message = build_message(build_delivery("charter.cancelled", was_booked=was_booked, quote_was_sent=quote_was_sent))
    rendered = renderer.render_message(message, SENDER) if message else None
    assert (rendered.subject.split(" on ")[0] if rendered else "") == subject


def test_cancellation_of_a_revision_that_was_never_sent_shows_only_the_number() -> None:
    sent, unsent = (
        render("charter.cancelled", was_booked=False, revision_was_sent=was_sent) for was_sent in (True, False)
    )
    assert sent.subject == f"{unsent.subject} on Wed, Mar 3, 2027"
    for text in ("When:", "Wall St"):
        assert (text in sent.text, text in unsent.text, text in unsent.html) == (True, False, False)
    assert "CH-2027-000001" in unsent.text


def test_booking_confirmation_shows_link_paid_amount_and_balance() -> None:
    rendered = render("charter.booked", amount_paid=431.63, balance_due_on="2027-02-17", link_nonce=NONCE)
    lines = rendered.text.splitlines()
    assert lines[lines.index("Total: $1,726.50") :][:3] == [
        "Total: $1,726.50",
        "Paid: $431.63",
        "Balance: $1,294.87, due on Wednesday, February 17, 2027",
    ]
    assert "View your trip:" in lines
    assert "/pages/quotes/" in lines[lines.index("View your trip:") + 1]


def test_booking_confirmation_of_unpaid_or_paid_trip_has_no_balance() -> None:
    unpaid, paid = render("charter.booked"), render("charter.booked", amount_paid=1726.5)
    assert "Balance" not in unpaid.text + paid.text
    assert ("Paid" in unpaid.text, "Paid: $1,726.50" in paid.text) == (False, True)


def test_confirmation_of_future_trip_does_not_thank_for_the_ride() -> None:
    rendered = [render(event_type) for event_type in ("charter.booked", "invoice.filed")]
    assert all("riding" not in each.text for each in rendered)
