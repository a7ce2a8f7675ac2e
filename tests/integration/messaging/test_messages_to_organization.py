"""The address of messages to the organization itself, from its registration on."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.billing.stripe.client import ChargeOutcome
from coachway.billing.stripe_sync.missing_payments import report_unknown_charge
from coachway.contracts.billing.payments import UnknownChargeFound
from coachway.core import store
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity import message_limits
from coachway.identity.model.user import User
from coachway.messaging import queries
from coachway.messaging.delivery import NO_ADDRESS_REASON
from coachway.messaging.model import MessageStatus, Notification, NotificationQuery
from coachway.messaging.notifications import consumers as notification_consumers
from tests.integration.identity.builders import Org, list_event_data, put, register_organization
from tests.integration.messaging.message_services import SentMessages
from tests.unit.messaging.builders import build_delivery


def report_charge(org: Org) -> Notification:
    """Report a charge that has no payment, send the message, and return its record."""
    outcome = ChargeOutcome(f"pi_{ids.ulid()}", True, 120_50, "USD", {"org_id": org.id})
    assert report_unknown_charge(outcome)
    event = list_event_data(org.id, UnknownChargeFound)[-1]
    delivery = build_delivery("charge.unknown", org_id=org.id, **event)
    caller = Caller.system("messaging", org.id)
    notification_consumers.send_messages(caller, delivery)
    page: Page[Notification] = queries.list_notifications(caller, NotificationQuery())
    [record] = [each for each in page.items if each.event_id == delivery.event_id]
    return record


def set_email(org: Org, email: str | None) -> None:
    reply = put("/organization", {"branding": {"email": email}}, org.token)
    assert (reply.status, reply.json()["branding"]["email"]) == (200, email)


def update_admin(org: Org, **fields: Any) -> None:
    """Change the stored admin, also to what no request can set."""
    before = store.get(User, USERS.key(org=org.id, id=org.admin_id))
    store.commit(Caller.system("tests", org.id), Update(before, before.model_copy(update=fields)))


@pytest.mark.parametrize("confirmed", [False, True])
def test_unknown_charge_of_registered_organization_is_reported_to_its_admin(
    confirmed: bool, sent_messages: SentMessages
) -> None:
    org = register_organization("prairie", confirmed=confirmed)
    record = report_charge(org)
    assert (record.template, record.recipient, record.status) == (
        "charge-unknown",
        "ana@prairie.example",
        MessageStatus.SENT,
    )
    [mail] = sent_messages.mails
    assert (mail["To"], mail["Reply-To"]) == (
        '"Prairie Coach" <ana@prairie.example>',
        '"Prairie Coach" <ana@prairie.example>',
    )


def test_messages_to_unconfirmed_organization_count(
    sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_limits, "DELIVERED_UNTIL_CONFIRMED", RateLimit(1, 24 * 3600))
    org = register_organization("prairie", confirmed=False)
    assert [report_charge(org).status for _ in range(2)] == [MessageStatus.SENT, MessageStatus.FAILED]
    set_email(org, None)
    assert report_charge(org).status is MessageStatus.FAILED
    assert len(sent_messages.mails) == 1


def test_organization_without_email_is_reached_through_its_first_active_admin(sent_messages: SentMessages) -> None:
    org = register_organization("prairie")
    org.create_user("staff@prairie.example")
    org.create_user("second@prairie.example", "admin")
    set_email(org, None)
    assert report_charge(org).recipient == "ana@prairie.example"
    [mail] = sent_messages.mails
    assert mail["Reply-To"] is None, "clients do not see an address that nobody chose to show"
    update_admin(org, status="disabled")
    assert report_charge(org).recipient == "second@prairie.example"


def test_message_to_organization_that_nobody_can_receive_is_recorded(sent_messages: SentMessages) -> None:
    org = register_organization("prairie")
    set_email(org, None)
    update_admin(org, email=None, phone="+12125550100")
    record = report_charge(org)
    assert (record.recipient, record.status, record.reason) == ("", MessageStatus.FAILED, NO_ADDRESS_REASON)
    assert sent_messages.mails == []
    assert store.list_history(record.key())[-1].type == "notification.failed"
