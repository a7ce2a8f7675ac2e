"""Composition of emails."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from coachway.messaging.channels import email
from coachway.messaging.channels.base import MessageRejected, RenderedMessage

MESSAGE = RenderedMessage("Your quote: 10 € off", "Plain – text\n", "<p>Grüße</p>")


def compose(**fields: Any) -> EmailMessage:
    arguments = {
        "to": "events@acme.example",
        "to_name": "Acme, Events",
        "from_name": "Harbor Coach",
        "reply_to": "hello@harbor.example",
        "message_id": "msg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        **fields,
    }
    raw = email.compose_email(MESSAGE, **arguments)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_compose_email_has_headers_plain_text_and_html() -> None:
    mail = compose()
    plain, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert html.get_content().strip() == MESSAGE.html
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"] == "Harbor Coach <no-reply@coachway.example>"
    assert mail["To"] == '"Acme, Events" <events@acme.example>'
    assert mail["Reply-To"] == "Harbor Coach <hello@harbor.example>"
    assert mail["Message-ID"] == "<msg_01K3ZV8N6Y3T5G7H9J1M2P4R6S@coachway.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_compose_email_without_reply_address_has_no_reply_to() -> None:
    assert compose(reply_to="")["Reply-To"] is None


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: x@y.example", "no-address", "a b@c.example", ""])
def test_compose_email_rejects_invalid_address(to: str) -> None:
    with pytest.raises(MessageRejected):
        compose(to=to)


@pytest.mark.parametrize("name", ["Eve\r\nBcc: x@y.example", "Eve\nX: y"])
def test_compose_email_rejects_header_injection_by_name(name: str) -> None:
    with pytest.raises(MessageRejected):
        compose(to_name=name)


def test_to_ascii_encodes_domain_and_rejects_mailbox() -> None:
    assert email._to_ascii("a@bücher.example") == "a@xn--bcher-kva.example"
    with pytest.raises(MessageRejected):
        email._to_ascii("grüße@a.example")
