"""The mails that an emulator took, in one shape whichever emulator it is."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import httpx

from infra.local.stack_config import Home


def read(home: Home) -> list[dict[str, Any]]:
    """Oldest first: `Subject`, `BodyText`, `BodyHtml`, `To` (a list), `Source`."""
    messages = httpx.get(home.mails_url, timeout=60).json()["messages"]
    if home.target == "localstack":
        return [_parsed(message["Source"], message["RawData"]) for message in messages if "RawData" in message]
    return [mail for account in messages.values() for mail in account]


def _parsed(source: str, raw: str) -> dict[str, Any]:
    message = email.message_from_string(raw, EmailMessage, policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return {
        "Source": source,
        "To": [str(address) for address in message["To"].addresses],
        "Subject": str(message["Subject"]),
        "BodyText": text.get_content() if text else None,
        "BodyHtml": html.get_content() if html else None,
    }
