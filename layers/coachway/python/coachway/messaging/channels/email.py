"""Email by Amazon SES."""

import os
from collections.abc import Sequence
from contextlib import suppress
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
from coachway.messaging.channels.base import MessageRejected, RenderedMessage
from coachway.messaging.channels.email_headers import build_header_block, format_mailbox, format_text

_REJECTION_CODES: Final = frozenset({"MessageRejected", "InvalidParameterValue"})
"""Error codes of SES about a single message. Other errors are temporary or concern the account."""


@cache
def _ses() -> Any:
    # One attempt: after a timeout, SES may have accepted the email, and the queue retries later anyway.
    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1})
    return botocore.session.get_session().create_client("ses", config=config)


def sender_address() -> str:
    """The address of the sender, without a name."""
    return parseaddr(os.environ["MAIL_FROM"])[1]


def send_email(
    message: RenderedMessage,
    *,
    to: str,
    to_name: str,
    from_name: str,
    reply_to: str,
    message_id: str,
    cc: Sequence[str] = (),
) -> str:
    """Send an email by SES, and return SES's id.

    `message_id` is the left side of the Message-ID, by which email clients recognize duplicates. SES replaces the
    Message-ID, so the id is also in the header X-Notification.

    Raises MessageRejected if the email can never be sent, UpstreamUnavailable if it may be sent later.
    """
    recipient, copies = _to_ascii(to), [_to_ascii(each) for each in cc]
    content = compose_email(
        message, to=recipient, to_name=to_name, from_name=from_name, reply_to=reply_to, message_id=message_id, cc=copies
    )
    try:
        response = _ses().send_raw_email(
            Source=sender_address(), Destinations=[recipient, *copies], RawMessage={"Data": content}
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _REJECTION_CODES and "not verified" not in error.response["Error"]["Message"]:
            raise MessageRejected(f"The email service rejected the message ({code}).") from error
        raise errors.UpstreamUnavailable(f"The email service returned {code}.") from error
    except BotoCoreError as error:
        raise errors.UpstreamUnavailable(f"The email service did not respond ({type(error).__name__}).") from error
    return str(response["MessageId"])


def compose_email(
    message: RenderedMessage,
    *,
    to: str,
    to_name: str,
    from_name: str,
    reply_to: str,
    message_id: str,
    cc: Sequence[str] = (),
) -> bytes:
    """Compose the MIME message with plain text and HTML. Raises MessageRejected if that is impossible.

    Replies go to the sender if SES does not support the address `reply_to`.
    """
    headers = {
        "Date": format_datetime(clock.now()),
        "Message-ID": f"<{message_id}@{sender_address().rpartition('@')[2]}>",
        "X-Notification": message_id,
        # Prevents automatic replies, such as out-of-office messages (RFC 3834).
        "Auto-Submitted": "auto-generated",
    }
    try:
        headers["From"] = format_mailbox(from_name, sender_address())
        headers["To"] = format_mailbox(to_name, to)
        if cc:
            headers["Cc"] = ",\r\n ".join(format_mailbox("", each) for each in cc)
        headers["Subject"] = format_text(message.subject)
        with suppress(MessageRejected, ValueError):
            headers |= {"Reply-To": format_mailbox(from_name, _to_ascii(reply_to))} if reply_to else {}
        return build_header_block(headers) + _build_body(message)
    except ValueError as error:
        raise MessageRejected("The address or text of the email is invalid.") from error


def _build_body(message: RenderedMessage) -> bytes:
    """The parts of the email, with the headers that describe them."""
    body = EmailMessage(policy=SMTP)
    body.set_content(message.text, cte="quoted-printable")
    body.add_alternative(message.html, subtype="html", cte="quoted-printable")
    if message.attachment is not None:
        name, content = message.attachment
        body.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return body.as_bytes()


def _to_ascii(address: str) -> str:
    """The address with its domain in ASCII (IDNA). Raises MessageRejected for a mailbox that SES does not support."""
    mailbox, _, domain = address.rpartition("@")
    if not mailbox.isascii():
        raise MessageRejected("The email service supports only ASCII mailboxes.")
    try:
        return f"{mailbox}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise MessageRejected("The domain of the email address is invalid.") from error
