"""The record of messages through its routes."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.caller import Caller
from coachway.core.types import ids
from coachway.messaging.notifications import consumers as notification_consumers
from tests.entries import load
from tests.integration.client import Reply, call, token_for
from tests.integration.messaging.conftest import ORG, Post
from tests.unit.messaging.sample_events import delivery

api = load("messaging", "api").api
BASE = "/api/v1/notifications"


@pytest.fixture
def sent(post: Post) -> Post:
    for kind in ("quote.sent", "charter.booked", "user.otp_requested"):
        notification_consumers.send_messages(Caller.system("messaging", ORG), delivery(kind))
    post.sandbox.set_mode("refuse", 1)
    notification_consumers.send_messages(
        Caller.system("messaging", ORG), delivery("user.otp_requested", recipient="+12125550199")
    )
    return post


def ask(path: str = "", query: dict[str, str] | None = None, **more: Any) -> Reply:
    return call(api, "GET", BASE + path, token=more.get("token") or token_for("notifications:read"), query=query)


def templates(**query: str) -> list[str]:
    return [each["template"] for each in ask(query=query).json()["items"]]


def test_messages_are_listed_newest_first_and_filtered(sent: Post) -> None:
    assert sorted(templates()) == ["charter-booked", "one-time-code", "one-time-code", "quote-sent"]
    assert sorted(templates(recipient="Events@acme.example")) == ["charter-booked", "quote-sent"]
    assert templates(recipient="+12125550123") == ["one-time-code"]
    assert templates(status="failed") == ["one-time-code"]
    assert len(templates(channel="email")) == 2
    assert templates(channel="email", status="failed") == []
    assert ask(query={"status": "lost"}).status == 422


def test_one_message_is_shown_with_how_far_it_is(sent: Post) -> None:
    listed = ask(query={"channel": "email"}).json()["items"][0]
    shown = ask(f"/{listed['id']}")
    assert shown.json() == listed
    assert listed["status"] == "sent"
    assert not {"org_id", "lease_until", "deleted_at"} & listed.keys()


def test_nobody_else_sees_them(sent: Post) -> None:
    one = ask().json()["items"][0]["id"]
    assert call(api, "GET", BASE).status == 401
    assert ask(token=token_for("clients:read")).status == 403
    stranger = token_for("notifications:read", org_id=ids.new("org"))
    assert ask(f"/{one}", token=stranger).status == 404
    assert ask(token=stranger).json()["items"] == []
