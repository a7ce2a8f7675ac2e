"""Which events make us write, what, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.contracts import identity
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.types import ids
from coachway.messaging import delivery as messaging_delivery
from coachway.messaging import erasure, message_builder, notifications_billing, notifications_dispatch
from coachway.messaging.message_builder import Occasion
from coachway.messaging.model import Channel, Message
from coachway.messaging.payloads import bidding, documents, trips
from coachway.messaging.rendering import sender
from coachway.messaging.rendering.sender import Letterhead

BID: Final = "bid"
"""That of an invitation to bid."""


def _quote_sent(delivery: Delivery, _: Letterhead) -> Message:
    said = message_builder.parse_event(trips.QuoteSent, delivery)
    token = signed_links.create_link_token(
        notifications_billing.QUOTE, delivery.org_id, delivery.aggregate_id, said.link_nonce
    )
    return Message(
        "quote-sent",
        Channel.EMAIL,
        said.client_email,
        delivery.aggregate_id,
        message_builder.expires_at(delivery, said.expires_at),
        said.client_name,
        {"trip": said, "link": message_builder.page("quotes", token)},
    )


def _about_trip(template: str, model: type[trips.Trip]) -> Occasion:
    """A mail to the client of a charter."""

    def occasion(delivery: Delivery, _: Letterhead) -> Message:
        said = message_builder.parse_event(model, delivery)
        return Message(
            template,
            Channel.EMAIL,
            said.client_email,
            delivery.aggregate_id,
            message_builder.expires_at(delivery),
            said.client_name,
            {"trip": said},
        )

    return occasion


def _quote_declined(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the organization itself, if it has an address."""
    if not head.brand.email:
        return None
    said = message_builder.parse_event(trips.Declined, delivery)
    return Message(
        "quote-declined",
        Channel.EMAIL,
        head.brand.email,
        delivery.aggregate_id,
        message_builder.expires_at(delivery),
        head.brand.name,
        {"trip": said},
    )


def _invited(delivery: Delivery, _: Letterhead) -> Message:
    said = message_builder.parse_event(identity.UserInvited, delivery)
    token = signed_links.create_link_token(identity.INVITATION, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "invitation",
        Channel.EMAIL,
        said.email,
        said.user_id,
        message_builder.expires_at(delivery, said.expires_at),
        f"{said.first_name} {said.last_name}",
        {"said": said, "link": message_builder.page("invitations", token)},
    )


def _reset_requested(delivery: Delivery, _: Letterhead) -> Message:
    said = message_builder.parse_event(identity.PasswordResetRequested, delivery)
    token = signed_links.create_link_token(identity.PASSWORD_RESET, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "password-reset",
        Channel.EMAIL,
        said.email,
        said.user_id,
        message_builder.expires_at(delivery, said.expires_at),
        said.first_name,
        {"said": said, "link": message_builder.page("password-resets", token)},
    )


def _password_changed(delivery: Delivery, _: Letterhead) -> Message:
    said = message_builder.parse_event(identity.PasswordChanged, delivery)
    at = ids.created_at_of(delivery.event_id)
    return Message(
        "password-changed",
        Channel.EMAIL,
        said.email,
        said.user_id,
        message_builder.expires_at(delivery),
        said.first_name,
        {"said": said, "at": at},
    )


def _code_requested(delivery: Delivery, _: Letterhead) -> Message:
    said = message_builder.parse_event(identity.OtpRequested, delivery)
    code = signed_links.one_time_code(identity.OTP, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "one-time-code",
        Channel(said.channel),
        said.recipient,
        said.user_id,
        message_builder.expires_at(delivery, said.expires_at),
        said.first_name,
        {"said": said, "code": code},
    )


def _document(template: str, said: documents.Document, delivery: Delivery, head: Letterhead) -> Message | None:
    """To whose document it is; to the organization itself when nobody is known there."""
    recipient = said.subject_email or head.brand.email
    if not recipient:
        return None
    name = said.subject_name if said.subject_email else head.brand.name
    values = {"said": said}
    return Message(
        template, Channel.EMAIL, recipient, delivery.aggregate_id, message_builder.expires_at(delivery), name, values
    )


def _document_expiring(delivery: Delivery, head: Letterhead) -> Message | None:
    return _document("document-expiring", message_builder.parse_event(documents.Expiring, delivery), delivery, head)


def _document_expired(delivery: Delivery, head: Letterhead) -> Message | None:
    """Not about one that was renewed."""
    said = message_builder.parse_event(documents.Expired, delivery)
    return None if said.renewed else _document("document-expired", said, delivery, head)


def _bid_invited(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(bidding.Invited, delivery)
    if not said.vendor_email:
        return None
    token = signed_links.create_link_token(BID, delivery.org_id, said.invitation_id, said.link_nonce)
    return Message(
        "bid-invitation",
        Channel.EMAIL,
        said.vendor_email,
        said.invitation_id,
        message_builder.expires_at(delivery, said.deadline),
        said.vendor_name,
        {"said": said, "link": message_builder.page("bids", token)},
    )


def _bid_decided(template: str, model: type[bidding.Decided]) -> Occasion:
    """A mail to the vendor whose bid it was."""

    def occasion(delivery: Delivery, _: Letterhead) -> Message | None:
        said = message_builder.parse_event(model, delivery)
        if not said.vendor_email:
            return None
        about, until = delivery.aggregate_id, message_builder.expires_at(delivery)
        return Message(template, Channel.EMAIL, said.vendor_email, about, until, said.vendor_name, {"said": said})

    return occasion


NOTIFICATIONS: Final[Mapping[str, Occasion]] = {
    **notifications_billing.OCCASIONS,
    **notifications_dispatch.OCCASIONS,
    "quote.sent": _quote_sent,
    "quote.declined": _quote_declined,
    "charter.booked": _about_trip("charter-booked", trips.Booked),
    "charter.cancelled": _about_trip("charter-cancelled", trips.Cancelled),
    "bidding.invited": _bid_invited,
    "bidding.decision_needed": message_builder.to_office("bid-decision", bidding.DecisionNeeded),
    "bidding.no_bids": message_builder.to_office("no-bids", bidding.NoBids),
    "bid.accepted": _bid_decided("bid-awarded", bidding.Accepted),
    "bid.called_off": _bid_decided("bid-called-off", bidding.CalledOff),
    "bid.rejected": _bid_decided("bid-rejected", bidding.Decided),
    "document.expiring": _document_expiring,
    "document.expired": _document_expired,
    identity.UserInvited.TYPE: _invited,
    identity.PasswordResetRequested.TYPE: _reset_requested,
    identity.PasswordChanged.TYPE: _password_changed,
    identity.OtpRequested.TYPE: _code_requested,
}
"""By the event's type; `template.yaml` lets just these reach the queue."""

ALSO: Final[Mapping[str, Occasion]] = {**notifications_dispatch.ALSO}
"""What some of them make us write to somebody else besides."""


def consume(caller: Caller, delivery: Delivery) -> None:
    """Write what an event makes us write, to those who have an address: a client that was removed since has none."""
    head = sender.of(delivery.org_id)
    for occasion in (NOTIFICATIONS[delivery.type], ALSO.get(delivery.type)):
        message = occasion(delivery, head) if occasion is not None else None
        if message is not None and message.recipient:
            messaging_delivery.send(caller, delivery.event_id, message, head)


CONSUMERS: Final[Mapping[str, Consumer]] = {**dict.fromkeys(NOTIFICATIONS, consume), "client.erased": erasure.forget}
