"""Composition of emails."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.messaging.channels import email
from coachway.messaging.channels.base import MessageRejected, RenderedMessage

MESSAGE = RenderedMessage("Your quote: 10 € off", "Plain – text\n", "<p>Grüße</p>")


MAILBOXES = {"From": "no-reply@coachway.example", "To": "events@acme.example", "Reply-To": "hello@harbor.example"}
OTHER_HEADERS = {"Date", "Message-ID", "X-Notification", "Auto-Submitted", "MIME-Version", "Content-Type"}


def compose_bytes(message: RenderedMessage, **fields: Any) -> bytes:
    arguments = {
        "to": "events@acme.example",
        "to_name": "Acme, Events",
        "from_name": "Harbor Coach",
        "reply_to": "hello@harbor.example",
        "message_id": "msg_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        **fields,
    }
    return email.compose_email(message, **arguments)


def compose(message: RenderedMessage = MESSAGE, **fields: Any) -> EmailMessage:
    mail = message_from_bytes(compose_bytes(message, **fields), policy=default)
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


TAKEOVER = "=?utf-8?q?Eve=0d=0aBcc:_victim@example.com=0d=0a=0d=0a<h1>Pay_here</h1>?="
NAMES = [
    TAKEOVER,
    f"Acme {TAKEOVER} Events",
    "=?utf-8?b?RXZlDQpCY2M6IHhAeS5leGFtcGxl?=",
    'Eve" <ceo@bank.example>, "Al',
    "Eve <ceo@bank.example>",
    "A very long name of a client, with a comma, too long for one line of an email, Incorporated, of New York",
    "Société d'Études et de Recherches à l'Étranger, Département des Transports Exceptionnels et des Voyages d'Été",
    "Back\\slash; group: a@b.example;",
    "(comment) [literal] . ",
    "A subject in plain ASCII that is longer than one line of an email can be, and has - dashes, and ends here",
    "Two  spaces   and \u3000 another \u00a0space",
    "x" * 200,
    "\N{BUS}\N{ZERO WIDTH JOINER}\N{BUS}" * 60,
]
each_name = pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
any_text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)


def assert_is_read_as_written(name: str, subject: str) -> None:
    """Two parsers of Python, the old one and the new one, find the text and one mailbox per header.

    The new one adds spaces between encoded words of names in some releases, so names are compared without spaces.
    """
    message = RenderedMessage(subject, "Text\n", "<p>Text</p>")
    expected_name, expected_subject = name.strip(" "), subject.strip(" ")
    raw = compose_bytes(message, to_name=name, from_name=name)
    mail, old = message_from_bytes(raw, EmailMessage, policy=default), message_from_bytes(raw)
    assert mail["Subject"] == expected_subject
    assert str(make_header(decode_header(_unfold(old["Subject"])))) == expected_subject
    for header, address in MAILBOXES.items():
        [mailbox] = mail[header].addresses
        assert (_without_spaces(mailbox.display_name), mailbox.addr_spec) == (_without_spaces(expected_name), address)
        [(phrase, parsed_address)] = getaddresses([old[header]])
        assert parsed_address == address
        assert str(make_header(decode_header(phrase))) == expected_name
    assert set(mail) == {*MAILBOXES, "Subject", *OTHER_HEADERS}
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def _unfold(header: str) -> str:
    return header.replace("\r\n", "")


def _without_spaces(text: str) -> str:
    return "".join(text.split())


@each_name
def test_compose_email_any_name_and_subject_is_read_as_written(name: str) -> None:
    assert_is_read_as_written(name, name)


@given(any_text, any_text)
@settings(max_examples=60)
def test_compose_email_random_name_and_subject_are_read_as_written(name: str, subject: str) -> None:
    assert_is_read_as_written(name, subject)


@each_name
def test_compose_email_writes_ascii_lines_of_78_characters_in_headers(name: str) -> None:
    raw = compose_bytes(RenderedMessage(name, "", ""), to_name=name, from_name=name)
    block = raw.partition(b"\r\n\r\n")[0]
    assert block.isascii()
    assert b"\n" not in block.replace(b"\r\n", b"")
    assert max(len(line) for line in block.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "name", ["Eve\r\nBcc: x@y.example", "Eve\x7f\x85Bcc:\u2028x@y.example", "Eve\x00 Bcc: x@y.example"]
)
def test_compose_email_control_characters_become_spaces(name: str) -> None:
    mail = compose(to_name=name)
    [mailbox] = mail["To"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == ("Eve Bcc: x@y.example", MAILBOXES["To"])
    assert mail["Bcc"] is None


def test_compose_email_text_without_encoding_is_rejected() -> None:
    with pytest.raises(MessageRejected):
        compose(RenderedMessage("Subject", "\ud800", ""))


def test_compose_email_reply_address_that_ses_does_not_support_is_left_out() -> None:
    assert compose(reply_to="grüße@a.example")["Reply-To"] is None
    [mailbox] = compose(reply_to="a@bücher.example")["Reply-To"].addresses
    assert mailbox.addr_spec == "a@xn--bcher-kva.example"


def test_to_ascii_encodes_domain_and_rejects_mailbox() -> None:
    assert email._to_ascii("a@bücher.example") == "a@xn--bcher-kva.example"
    with pytest.raises(MessageRejected):
        email._to_ascii("grüße@a.example")
