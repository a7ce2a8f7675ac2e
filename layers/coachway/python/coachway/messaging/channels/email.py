"""Mail, through Amazon SES."""

from __future__ import annotations

import os
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any, Final

import botocore.session
import idna
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from coachway.core import errors
from coachway.core.runtime import clock
from coachway.messaging.channels.base import Refused, RenderedMessage

_REFUSALS: Final = frozenset({"MessageRejected", "InvalidParameterValue"})
"""SES's answers about this one message; any other is about the account or the moment, and passes."""


@cache
def _ses() -> Any:
    # One try: after a time-out nobody knows whether SES took the mail, and the queue tries again later anyway.
    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1})
    return botocore.session.get_session().create_client("ses", config=config)


def sender() -> str:
    """The bare address that mails come from."""
    return parseaddr(os.environ["MAIL_FROM"])[1]


def send_email(
    letter: RenderedMessage, *, to: str, to_name: str, from_name: str, reply_to: str, message_id: str
) -> str:
    """Hand a mail to SES; returns SES's id.

    `message_id` is the Message-ID's left side. The mailboxes of recipients show a mail that came twice under one
    Message-ID once; SES itself puts its own in its place, and keeps ours in X-Notification.

    Raises Refused when it can never go out, UpstreamUnavailable when it may later.
    """
    recipient = _ascii(to)
    content = compose_email(
        letter, to=recipient, to_name=to_name, from_name=from_name, reply_to=reply_to, message_id=message_id
    )
    try:
        answer = _ses().send_raw_email(Source=sender(), Destinations=[recipient], RawMessage={"Data": content})
    except ClientError as failure:
        code = failure.response["Error"]["Code"]
        if code in _REFUSALS and "not verified" not in failure.response["Error"]["Message"]:
            raise Refused(f"the mail service refused it ({code})") from failure
        raise errors.UpstreamUnavailable(f"the mail service answered {code}") from failure
    except BotoCoreError as failure:
        raise errors.UpstreamUnavailable(f"the mail service did not answer ({type(failure).__name__})") from failure
    return str(answer["MessageId"])


def compose_email(
    letter: RenderedMessage, *, to: str, to_name: str, from_name: str, reply_to: str, message_id: str
) -> bytes:
    """The mail as it goes over the wire: plain text, and HTML beside it. Raises Refused for an unusable address."""
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = Address(from_name, addr_spec=sender())
        mail["To"] = Address(to_name, addr_spec=to)
        if reply_to:
            mail["Reply-To"] = Address(from_name, addr_spec=reply_to)
    except (ValueError, IndexError, HeaderParseError, MessageError) as failure:  # IndexError for an empty address
        raise Refused("the address cannot be written on a mail") from failure
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message_id}@{sender().rpartition('@')[2]}>"
    mail["X-Notification"] = message_id
    # Answers nobody wrote: keeps out-of-office replies away (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.attachment is not None:
        name, content_of = letter.attachment
        mail.add_attachment(content_of, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def _ascii(address: str) -> str:
    """The address with its domain in IDNA. Raises Refused for a mailbox that SES cannot write to."""
    mailbox, _, domain = address.rpartition("@")
    if not mailbox.isascii():
        raise Refused("the mail service takes addresses of ASCII mailboxes only")
    try:
        return f"{mailbox}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as failure:
        raise Refused("the address's domain cannot exist") from failure
