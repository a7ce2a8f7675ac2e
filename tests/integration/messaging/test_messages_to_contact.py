"""Messages about a booking to the contact of the client, with copies and the words of the salesperson."""

from __future__ import annotations

from email.message import Message
from email.utils import getaddresses

import pytest

from tests.integration.messaging.builders import list_records, send
from tests.integration.messaging.message_services import SentMessages
from tests.unit.messaging.builders import build_delivery

CONTACT = {"contact_name": "Dana Lee", "contact_email": "dana@acme.example"}


def read_parts(mail: Message) -> list[str]:
    """The plain text and the HTML of an email."""
    parts = (part.get_payload(decode=True) for part in mail.walk() if part.get_content_maintype() == "text")
    return [part.decode() for part in parts if isinstance(part, bytes)]


@pytest.mark.parametrize("event_type", ["quote.sent", "charter.booked", "charter.cancelled", "charter.reminder_sent"])
def test_contact_receives_the_message_and_is_greeted(event_type: str, sent_messages: SentMessages) -> None:
    send(build_delivery(event_type, **CONTACT))
    [mail] = sent_messages.mails
    assert mail["To"] == '"Dana Lee" <dana@acme.example>'
    assert "Hello Dana Lee," in read_parts(mail)[0]


def test_copies_are_in_one_email_and_one_record(sent_messages: SentMessages) -> None:
    event = build_delivery("quote.sent", **CONTACT, cc=["office@acme.example", "boss@acme.example"])
    send(event)
    send(event)
    [mail] = sent_messages.mails
    assert [address for _, address in getaddresses([mail["Cc"]])] == ["office@acme.example", "boss@acme.example"]
    assert [each.recipient for each in list_records()] == ["dana@acme.example"]


def test_message_of_the_salesperson_is_plain_text(sent_messages: SentMessages) -> None:
    text = "Hello\r\nBcc: thief@bad.example\n<b>Great</b> price"
    send(build_delivery("quote.sent", **CONTACT, message=text))
    [mail] = sent_messages.mails
    assert (mail["Bcc"], mail["To"]) == (None, '"Dana Lee" <dana@acme.example>')
    plain, html = read_parts(mail)
    assert "<b>Great</b> price" in plain
    assert "&lt;b&gt;Great&lt;/b&gt; price" in html
