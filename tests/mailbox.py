"""The mails that an emulator sent, in the same form for MiniStack and LocalStack."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import httpx

from infra.local.stack_config import StackConfig


def read_mails(config: StackConfig) -> list[dict[str, Any]]:
    """All mails, oldest first: `Subject`, `BodyText`, `BodyHtml`, `To` (a list), `Source`."""
    messages = httpx.get(config.mails_url, timeout=60).json()["messages"]
    if config.target == "localstack":
        return [_parse_mail(message["Source"], message["RawData"]) for message in messages if "RawData" in message]
    return [mail for account in messages.values() for mail in account]


def _parse_mail(source: str, raw: str) -> dict[str, Any]:
    message = email.message_from_string(raw, EmailMessage, policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return {
        "Source": source,
        "To": [str(address) for address in message["To"].addresses],
        "Subject": str(message["Subject"]),
        "BodyText": text.get_content() if text else None,
        "BodyHtml": html.get_content() if html else None,
    }
