"""Seeds of users, roles, sessions, API keys and notifications."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coachway.core.types import ids
from coachway.messaging.model import Channel, MessageStatus, Notification

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def create_user(seeds: Seeds) -> str:
    marker = seeds.tenant.marker
    body = {"email": seeds.tenant.new_email("user"), "first_name": "Sam", "last_name": marker, "role": "staff"}
    return str(seeds.create("/users", {**body, "password": "correct horse battery staple"})["id"])


def create_role(seeds: Seeds) -> str:
    name = f"role-{secrets.token_hex(4)}"
    body = {"name": name, "description": seeds.tenant.marker, "permissions": ["charters:read"]}
    seeds.create("/roles", body)
    return name


def get_session(seeds: Seeds) -> str:
    response = seeds.tenant.send("GET", "/api/v1/auth/sessions")
    return str(response.json()["items"][0]["id"])


def create_api_key(seeds: Seeds) -> str:
    body = {"name": f"Key {seeds.tenant.marker}", "permissions": ["charters:read"]}
    return str(seeds.create("/api-keys", body)["id"])


def store_notification(seeds: Seeds) -> str:
    """A notification by mail."""
    notification = Notification(
        id=ids.new("msg"),
        org_id=seeds.tenant.org_id,
        event_id=ids.ulid(),
        about=seeds["user_id"],
        template="invitation",
        channel=Channel.EMAIL,
        recipient=seeds.tenant.new_email("invited"),
        subject=seeds.tenant.marker,
        status=MessageStatus.SENT,
        lease_until=datetime.now(UTC),
        version=1,
    )
    seeds.store(notification)
    return notification.id
