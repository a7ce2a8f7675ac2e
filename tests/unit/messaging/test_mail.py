"""Mails as they go over the wire."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from coachway.messaging.channels import email
from coachway.messaging.channels.base import Refused, RenderedMessage

LETTER = RenderedMessage("Your quote: 10 € off", "Plain – text\n", "<p>Grüße</p>")


def composed(**more: Any) -> EmailMessage:
    wanted = {
        "to": "events@acme.example",
        "to_name": "Acme, Events",
        "from_name": "Harbor Coach",
        "reply_to": "hello@harbor.example",
        "message_id": "msg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        **more,
    }
    raw = email.compose_email(LETTER, **wanted)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    made = message_from_bytes(raw, policy=default)
    assert isinstance(made, EmailMessage)
    return made


def test_a_mail_carries_plain_text_and_html() -> None:
    made = composed()
    plain, html = made.get_body(["plain"]), made.get_body(["html"])
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text
    assert html.get_content().strip() == LETTER.html
    assert made["Subject"] == LETTER.subject
    assert made["From"] == "Harbor Coach <no-reply@coachway.example>"
    assert made["To"] == '"Acme, Events" <events@acme.example>'
    assert made["Reply-To"] == "Harbor Coach <hello@harbor.example>"
    assert made["Message-ID"] == "<msg_01K3ZV8N6Y3T5G7H9J1M2P4R6S@coachway.example>"
    assert made["Auto-Submitted"] == "auto-generated"


def test_without_an_address_to_answer_to_there_is_none() -> None:
    assert composed(reply_to="")["Reply-To"] is None


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: x@y.example", "no-address", "a b@c.example", ""])
def test_an_address_that_is_none_is_refused(to: str) -> None:
    with pytest.raises(Refused):
        composed(to=to)


@pytest.mark.parametrize("name", ["Eve\r\nBcc: x@y.example", "Eve\nX: y"])
def test_a_name_cannot_add_a_header(name: str) -> None:
    with pytest.raises(Refused):
        composed(to_name=name)


def test_a_domain_is_written_in_ascii_and_a_mailbox_must_be() -> None:
    assert email._ascii("a@bücher.example") == "a@xn--bcher-kva.example"
    with pytest.raises(Refused):
        email._ascii("grüße@a.example")
