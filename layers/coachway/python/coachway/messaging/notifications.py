"""Which events make which messages, and to whom. A new message is a rule here and a template in `templates/`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from coachway.contracts.bids import (
    BidAccepted,
    BidCalledOff,
    BiddingEmpty,
    BiddingInvited,
    BidRejected,
    DecisionNeeded,
)
from coachway.contracts.bookings import CharterBooked, CharterCancelled, QuoteDeclined, QuoteSent
from coachway.contracts.clients import ClientErased
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.contracts.identity import (
    INVITATION,
    OTP,
    PASSWORD_RESET,
    OtpRequested,
    PasswordChanged,
    PasswordResetRequested,
    UserInvited,
)
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.messaging import delivery as sending
from coachway.messaging import erasure, notifications_billing, notifications_dispatch
from coachway.messaging.message_rule import Context, MessageRule, Recipient, organization_mail
from coachway.messaging.model import Channel
from coachway.messaging.rendering import sender

BID_LINK: Final = "bid"
"""The purpose of the signed link in an invitation to bid."""


def _client(event: QuoteSent | CharterBooked | CharterCancelled, _context: Context) -> Recipient:
    return Recipient(event.client_email, event.client_name)


def _vendor(event: BiddingInvited | BidAccepted | BidCalledOff | BidRejected, _context: Context) -> Recipient:
    return Recipient(event.vendor_email, event.vendor_name)


def _document_owner(event: DocumentExpiring | DocumentExpired, context: Context) -> Recipient:
    """The vendor, driver or owner of the vehicle; the organization itself when no address is known."""
    return Recipient(event.subject_email, event.subject_name) if event.subject_email else context.organization


def _user(event: PasswordResetRequested | PasswordChanged, _context: Context) -> Recipient:
    return Recipient(event.email, event.first_name)


def _user_id(event: UserInvited | PasswordResetRequested | PasswordChanged | OtpRequested, _context: Context) -> str:
    return event.user_id


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=QuoteSent,
        template="quote-sent",
        recipient=_client,
        values=lambda event, context: {
            "link": context.page_url(
                "quotes", notifications_billing.QUOTE_LINK, context.delivery.aggregate_id, event.link_nonce
            )
        },
        useful_until=lambda event, _context: event.expires_at,
    ),
    organization_mail(QuoteDeclined, "quote-declined"),
    MessageRule(event=CharterBooked, template="charter-booked", recipient=_client),
    MessageRule(event=CharterCancelled, template="charter-cancelled", recipient=_client),
    MessageRule(
        event=BiddingInvited,
        template="bid-invitation",
        recipient=_vendor,
        values=lambda event, context: {
            "link": context.page_url("bids", BID_LINK, event.invitation_id, event.link_nonce)
        },
        subject_id=lambda event, _context: event.invitation_id,
        useful_until=lambda event, _context: event.deadline,
    ),
    organization_mail(DecisionNeeded, "bid-decision"),
    organization_mail(BiddingEmpty, "no-bids"),
    MessageRule(event=BidAccepted, template="bid-awarded", recipient=_vendor),
    MessageRule(event=BidCalledOff, template="bid-called-off", recipient=_vendor),
    MessageRule(event=BidRejected, template="bid-rejected", recipient=_vendor),
    MessageRule(event=DocumentExpiring, template="document-expiring", recipient=_document_owner),
    MessageRule(
        event=DocumentExpired,
        template="document-expired",
        recipient=_document_owner,
        applies=lambda event: not event.renewed,
    ),
    MessageRule(
        event=UserInvited,
        template="invitation",
        recipient=lambda event, _context: Recipient(event.email, f"{event.first_name} {event.last_name}"),
        values=lambda event, context: {"link": context.page_url("invitations", INVITATION, event.user_id, event.nonce)},
        subject_id=_user_id,
        useful_until=lambda event, _context: event.expires_at,
    ),
    MessageRule(
        event=PasswordResetRequested,
        template="password-reset",
        recipient=_user,
        values=lambda event, context: {
            "link": context.page_url("password-resets", PASSWORD_RESET, event.user_id, event.nonce)
        },
        subject_id=_user_id,
        useful_until=lambda event, _context: event.expires_at,
    ),
    MessageRule(
        event=PasswordChanged,
        template="password-changed",
        recipient=_user,
        values=lambda _event, context: {"at": context.sent_at},
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
        useful_until=lambda event, _context: event.expires_at,
    ),
    *notifications_billing.RULES,
    *notifications_dispatch.RULES,
)


def _rules_by_event() -> dict[str, list[MessageRule[Any]]]:
    rules = defaultdict(list)
    for rule in RULES:
        rules[rule.event.TYPE].append(rule)
    return dict(rules)


NOTIFICATIONS: Final[Mapping[str, list[MessageRule[Any]]]] = _rules_by_event()
"""The rules of each type of event."""


def consume(caller: Caller, delivery: Delivery) -> None:
    """Send every message that follows from an event."""
    letterhead = sender.load_letterhead(delivery.org_id)
    for rule in NOTIFICATIONS[delivery.type]:
        message = rule.build(delivery, letterhead)
        if message is not None:
            sending.send_message(caller, delivery.event_id, message, letterhead)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    **dict.fromkeys(NOTIFICATIONS, consume),
    ClientErased.TYPE: erasure.on_client_erased,
}
"""Consumers by type of event; the event pattern of the function's queue is generated from it."""
