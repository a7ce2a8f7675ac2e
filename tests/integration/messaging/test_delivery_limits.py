"""Limits of the messages that are delivered to an address or for an organization."""

from __future__ import annotations

import pytest

from coachway.core.auth.attempt_counters import RateLimit
from coachway.identity import message_limits
from coachway.messaging.model import MessageStatus
from tests.integration.identity.builders import set_confirmed
from tests.integration.messaging.builders import list_records, send
from tests.integration.messaging.message_services import ORG, SentMessages
from tests.unit.messaging.builders import build_delivery


def test_messages_of_unconfirmed_organization_are_limited(
    sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_limits, "DELIVERED_UNTIL_CONFIRMED", RateLimit(2, 24 * 3600))
    set_confirmed(ORG, confirmed=False)
    for _ in range(3):
        send(build_delivery("charter.cancelled"))
    [failed] = [each for each in list_records() if each.status is MessageStatus.FAILED]
    assert "it can send 2 messages a day" in failed.reason
    assert len(sent_messages.mails) == 2
    send(build_delivery("user.password_reset_requested"))
    assert len(sent_messages.mails) == 3


@pytest.mark.parametrize(("confirmed", "sent"), [(False, 2), (True, 3)])
def test_messages_to_the_organization_are_limited_until_it_is_confirmed(
    confirmed: bool, sent: int, sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_limits, "DELIVERED_UNTIL_CONFIRMED", RateLimit(2, 24 * 3600))
    set_confirmed(ORG, confirmed=confirmed)
    for _ in range(3):
        send(build_delivery("charge.unknown"))
    assert len(sent_messages.mails) == sent


def test_messages_to_one_address_are_limited(sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_limits, "DELIVERED_TO_ONE_ADDRESS", RateLimit(2, 3600))
    for _ in range(3):
        send(build_delivery("charter.cancelled"))
    assert len(sent_messages.mails) == 2
    send(build_delivery("charter.cancelled", client_email="other@acme.example"))
    assert len(sent_messages.mails) == 3
