"""Routes of message records."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.caller import Caller
from coachway.core.types import ids
from coachway.messaging.notifications import consumers as notification_consumers
from tests.integration.client import Reply, call, token_for
from tests.integration.messaging.message_services import ORG, SentMessages
from tests.unit.messaging.builders import build_delivery
from tools.function_modules import load

api = load("messaging", "api").api
BASE = "/api/v1/notifications"


@pytest.fixture(autouse=True)
def _messages(sent_messages: SentMessages) -> None:
    """Four messages: two emails and a text message that were sent, and a text message that was rejected."""
    for event_type in ("quote.sent", "charter.booked", "user.otp_requested"):
        notification_consumers.send_messages(Caller.system("messaging", ORG), build_delivery(event_type))
    sent_messages.sandbox.set_mode("refuse", 1)
    notification_consumers.send_messages(
        Caller.system("messaging", ORG), build_delivery("user.otp_requested", recipient="+12125550199")
    )


def send_request(path: str = "", query: dict[str, str] | None = None, **options: Any) -> Reply:
    return call(api, "GET", BASE + path, token=options.get("token") or token_for("notifications:read"), query=query)


def list_templates(**query: str) -> list[str]:
    return [each["template"] for each in send_request(query=query).json()["items"]]


def test_list_notifications_is_filtered() -> None:
    assert sorted(list_templates()) == ["charter-booked", "one-time-code", "one-time-code", "quote-sent"]
    assert sorted(list_templates(recipient="Events@acme.example")) == ["charter-booked", "quote-sent"]
    assert list_templates(recipient="+12125550123") == ["one-time-code"]
    assert list_templates(status="failed") == ["one-time-code"]
    assert len(list_templates(channel="email")) == 2
    assert list_templates(channel="email", status="failed") == []
    assert send_request(query={"status": "lost"}).status == 422


def test_get_notification_returns_status_without_internal_fields() -> None:
    item = send_request(query={"channel": "email"}).json()["items"][0]
    reply = send_request(f"/{item['id']}")
    assert reply.json() == item
    assert item["status"] == "sent"
    assert not {"org_id", "lease_until", "deleted_at"} & item.keys()


def test_notifications_are_hidden_without_permission_and_from_other_organizations() -> None:
    notification_id = send_request().json()["items"][0]["id"]
    assert call(api, "GET", BASE).status == 401
    assert send_request(token=token_for("clients:read")).status == 403
    other_token = token_for("notifications:read", org_id=ids.new("org"))
    assert send_request(f"/{notification_id}", token=other_token).status == 404
    assert send_request(token=other_token).json()["items"] == []
