"""Sends messages of events, lists their records, and replaces SES."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.schemas import Page
from coachway.messaging import queries
from coachway.messaging.channels import email
from coachway.messaging.model import Notification, NotificationQuery
from coachway.messaging.notifications import consumers as notification_consumers
from tests.integration.messaging.message_services import ORG

CALLER = Caller.system("messaging", ORG)


def send(event: Delivery) -> None:
    notification_consumers.send_messages(CALLER, event)


def list_records() -> list[Notification]:
    page: Page[Notification] = queries.list_notifications(CALLER, NotificationQuery())
    return page.items


def patch_ses(monkeypatch: pytest.MonkeyPatch, respond: Callable[[], Any]) -> None:
    class Ses:
        def send_raw_email(self, **_: Any) -> Any:
            return respond()

    monkeypatch.setattr(email, "_ses", Ses)


def client_error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendRawEmail")
