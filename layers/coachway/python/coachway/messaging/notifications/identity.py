"""Messages about invitations, passwords and one-time codes of users."""

from typing import Any, Final

from coachway.contracts.identity import (
    EMAIL_CONFIRMATION,
    INVITATION,
    OTP,
    PASSWORD_RESET,
    EmailConfirmationRequested,
    OtpRequested,
    PasswordChanged,
    PasswordResetRequested,
    UserInvited,
)
from coachway.core.auth import signed_links
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient
from coachway.messaging.model import Channel


def _get_user_recipient(
    event: EmailConfirmationRequested | PasswordResetRequested | PasswordChanged, _context: MessageContext
) -> Recipient:
    return Recipient(event.email, event.first_name)


def _user_id(
    event: EmailConfirmationRequested | UserInvited | PasswordResetRequested | PasswordChanged | OtpRequested,
    _context: MessageContext,
) -> str:
    return event.user_id


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=UserInvited,
        template="invitation",
        recipient=lambda event, _context: Recipient(event.email, f"{event.first_name} {event.last_name}"),
        values=lambda event, context: {"link": context.page_url("invitations", INVITATION, event.user_id, event.nonce)},
        subject_id=_user_id,
        send_until=lambda event, _context: event.expires_at,
    ),
    MessageRule(
        event=EmailConfirmationRequested,
        template="confirm-email",
        recipient=_get_user_recipient,
        values=lambda event, context: {
            "link": context.page_url("confirmations", EMAIL_CONFIRMATION, event.user_id, event.nonce)
        },
        subject_id=_user_id,
        send_until=lambda event, _context: event.expires_at,
    ),
    MessageRule(
        event=PasswordResetRequested,
        template="password-reset",
        recipient=_get_user_recipient,
        values=lambda event, context: {
            "link": context.page_url("password-resets", PASSWORD_RESET, event.user_id, event.nonce)
        },
        subject_id=_user_id,
        send_until=lambda event, _context: event.expires_at,
    ),
    MessageRule(
        event=PasswordChanged,
        template="password-changed",
        recipient=_get_user_recipient,
        values=lambda _event, context: {"at": context.occurred_at},
        subject_id=_user_id,
    ),
    MessageRule(
        event=OtpRequested,
        template="one-time-code",
        recipient=lambda event, _context: Recipient(event.recipient, event.first_name),
        channel=lambda event: Channel(event.channel),
        values=lambda event, context: {
            "code": signed_links.create_one_time_code(OTP, context.delivery.org_id, event.user_id, event.nonce)
        },
        subject_id=_user_id,
        send_until=lambda event, _context: event.expires_at,
    ),
)
