"""Which events make us write, what, and to whom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pydantic import BaseModel

from coachway.core import ids, links, settings
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.identity import events as identity
from coachway.messaging import (
    alarms,
    assignments,
    bidding,
    documents,
    invoices,
    letterhead,
    payments,
    payouts,
    recoveries,
    refunds,
    sending,
    trips,
)
from coachway.messaging.letterhead import Letterhead
from coachway.messaging.model import Attachment, Channel, Message

QUOTE: Final = "quote"
"""The purpose of a quote's link."""

BID: Final = "bid"
"""That of an invitation to bid."""

INVOICE: Final = "invoice"
"""That of an invoice."""

STALE: Final = timedelta(days=14)
"""After that nobody wants to hear of it: an event published again for another purpose makes no mail."""

_OF_USE: Final = timedelta(hours=1)
"""So long it helps to tell a driver that duty has begun."""

Occasion = Callable[[Delivery, Letterhead], Message | None]
M = TypeVar("M", bound=BaseModel)


def _said(model: type[M], delivery: Delivery) -> M:
    # By way of JSON: only there is a number without decimals an amount in units, and not in cents.
    return model.model_validate_json(json.dumps(delivery.data))


def _until(delivery: Delivery, expires_at: datetime | None = None) -> datetime:
    stale = ids.made_at(delivery.event_id) + STALE
    return min(stale, expires_at) if expires_at else stale


def _page(path: str, token: str) -> str:
    return f"{settings.public_url()}/pages/{path}/{token}"


def _quote_sent(delivery: Delivery, _: Letterhead) -> Message:
    said = _said(trips.QuoteSent, delivery)
    token = links.token(QUOTE, delivery.org_id, delivery.aggregate_id, said.link_nonce)
    return Message(
        "quote-sent",
        Channel.EMAIL,
        said.client_email,
        delivery.aggregate_id,
        _until(delivery, said.expires_at),
        said.client_name,
        {"trip": said, "link": _page("quotes", token)},
    )


def _about_trip(template: str, model: type[trips.Trip]) -> Occasion:
    """A mail to the client of a charter."""

    def occasion(delivery: Delivery, _: Letterhead) -> Message:
        said = _said(model, delivery)
        return Message(
            template,
            Channel.EMAIL,
            said.client_email,
            delivery.aggregate_id,
            _until(delivery),
            said.client_name,
            {"trip": said},
        )

    return occasion


def _quote_declined(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the organization itself, if it has an address."""
    if not head.brand.email:
        return None
    said = _said(trips.Declined, delivery)
    return Message(
        "quote-declined",
        Channel.EMAIL,
        head.brand.email,
        delivery.aggregate_id,
        _until(delivery),
        head.brand.name,
        {"trip": said},
    )


def _invited(delivery: Delivery, _: Letterhead) -> Message:
    said = _said(identity.UserInvited, delivery)
    token = links.token(identity.INVITATION, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "invitation",
        Channel.EMAIL,
        said.email,
        said.user_id,
        _until(delivery, said.expires_at),
        f"{said.first_name} {said.last_name}",
        {"said": said, "link": _page("invitations", token)},
    )


def _reset_requested(delivery: Delivery, _: Letterhead) -> Message:
    said = _said(identity.PasswordResetRequested, delivery)
    token = links.token(identity.PASSWORD_RESET, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "password-reset",
        Channel.EMAIL,
        said.email,
        said.user_id,
        _until(delivery, said.expires_at),
        said.first_name,
        {"said": said, "link": _page("password-resets", token)},
    )


def _password_changed(delivery: Delivery, _: Letterhead) -> Message:
    said = _said(identity.PasswordChanged, delivery)
    at = ids.made_at(delivery.event_id)
    return Message(
        "password-changed",
        Channel.EMAIL,
        said.email,
        said.user_id,
        _until(delivery),
        said.first_name,
        {"said": said, "at": at},
    )


def _code_requested(delivery: Delivery, _: Letterhead) -> Message:
    said = _said(identity.OtpRequested, delivery)
    code = links.code(identity.OTP, delivery.org_id, said.user_id, said.nonce)
    return Message(
        "one-time-code",
        Channel(said.channel),
        said.recipient,
        said.user_id,
        _until(delivery, said.expires_at),
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
    return Message(template, Channel.EMAIL, recipient, delivery.aggregate_id, _until(delivery), name, values)


def _document_expiring(delivery: Delivery, head: Letterhead) -> Message | None:
    return _document("document-expiring", _said(documents.Expiring, delivery), delivery, head)


def _document_expired(delivery: Delivery, head: Letterhead) -> Message | None:
    """Not about one that was renewed."""
    said = _said(documents.Expired, delivery)
    return None if said.renewed else _document("document-expired", said, delivery, head)


def _bid_invited(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(bidding.Invited, delivery)
    if not said.vendor_email:
        return None
    token = links.token(BID, delivery.org_id, said.invitation_id, said.link_nonce)
    return Message(
        "bid-invitation",
        Channel.EMAIL,
        said.vendor_email,
        said.invitation_id,
        _until(delivery, said.deadline),
        said.vendor_name,
        {"said": said, "link": _page("bids", token)},
    )


def _bid_decided(template: str, model: type[bidding.Decided]) -> Occasion:
    """A mail to the vendor whose bid it was."""

    def occasion(delivery: Delivery, _: Letterhead) -> Message | None:
        said = _said(model, delivery)
        if not said.vendor_email:
            return None
        about, until = delivery.aggregate_id, _until(delivery)
        return Message(template, Channel.EMAIL, said.vendor_email, about, until, said.vendor_name, {"said": said})

    return occasion


def _to_office(template: str, model: type[BaseModel]) -> Occasion:
    """To the organization itself, if it has an address."""

    def occasion(delivery: Delivery, head: Letterhead) -> Message | None:
        if not head.brand.email:
            return None
        values = {"said": _said(model, delivery)}
        about, until = delivery.aggregate_id, _until(delivery)
        return Message(template, Channel.EMAIL, head.brand.email, about, until, head.brand.name, values)

    return occasion


def _payout_made(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(payouts.Remittance, delivery)
    if not said.vendor_email:
        return None
    about, until = delivery.aggregate_id, _until(delivery)
    return Message("remittance", Channel.EMAIL, said.vendor_email, about, until, said.vendor_name, {"said": said})


def _invoice_link(delivery: Delivery, said: invoices.Filed | invoices.Overdue) -> str:
    return _page("invoices", links.token(INVOICE, delivery.org_id, said.invoice_id, said.link_nonce))


def _invoice(template: str, delivery: Delivery, said: invoices.Invoice, **more: object) -> Message | None:
    """A mail to the client whose invoice it is."""
    if not said.client_email:
        return None
    values = {"said": said, **more}
    until = _until(delivery)
    return Message(template, Channel.EMAIL, said.client_email, said.invoice_id, until, said.client_name, values)


def _invoice_filed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(invoices.Filed, delivery)
    made = _invoice("invoice", delivery, said, link=_invoice_link(delivery, said))
    return made and replace(made, attachment=Attachment(said.pdf_key, f"{said.number}.pdf"))


def _invoice_overdue(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(invoices.Overdue, delivery)
    return _invoice("invoice-overdue", delivery, said, link=_invoice_link(delivery, said))


def _invoice_voided(delivery: Delivery, _: Letterhead) -> Message | None:
    """Not about a draft, which nobody was sent."""
    said = _said(invoices.Voided, delivery)
    return _invoice("invoice-voided", delivery, said) if said.number else None


def _drivers_page(head: Letterhead) -> str:
    """Where drivers work; it knows by its address whose they are."""
    return f"{settings.public_url()}/pages/driver?organization={head.slug}"


def _to_driver(template: str, model: type[assignments.Offered], *, second: bool = False) -> Occasion:
    """A text message to the driver of a trip, or to the second driver if there is one."""

    def occasion(delivery: Delivery, head: Letterhead) -> Message | None:
        said = _said(model, delivery)
        phone, name = said.driver_phone, said.driver_name
        if second:
            phone, name = said.second_driver_phone, said.second_driver_name or ""
        if not phone:
            return None
        values = {"said": said, "link": _drivers_page(head)}
        until = _until(delivery, said.pickup_at)
        return Message(template, Channel.SMS, phone, delivery.aggregate_id, until, name, values)

    return occasion


def _not_reported(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the driver who should be on duty."""
    said = _said(alarms.Unstarted, delivery)
    if not said.driver_phone:
        return None
    until = _until(delivery, ids.made_at(delivery.event_id) + _OF_USE)
    values = {"said": said, "link": _drivers_page(head)}
    about = delivery.aggregate_id
    return Message("trip-unstarted", Channel.SMS, said.driver_phone, about, until, said.driver_name, values)


def _payment_received(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(payments.Succeeded, delivery)
    if not said.client_email:
        return None
    until, values = _until(delivery), {"said": said}
    return Message(
        "payment-received", Channel.EMAIL, said.client_email, said.payment_id, until, said.client_name, values
    )


def _payment_failed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(payments.Failed, delivery)
    if not said.client_email:
        return None
    link = ""
    if said.invoice_id and said.link_nonce:
        link = _page("invoices", links.token(INVOICE, delivery.org_id, said.invoice_id, said.link_nonce))
    until, values = _until(delivery), {"said": said, "link": link}
    return Message("payment-failed", Channel.EMAIL, said.client_email, said.payment_id, until, said.client_name, values)


def _refund_completed(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(refunds.Completed, delivery)
    if not said.client_email:
        return None
    about, until = delivery.aggregate_id, _until(delivery)
    return Message("refund-completed", Channel.EMAIL, said.client_email, about, until, said.client_name, {"said": said})


def _recovery_offered(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the driver who is asked, while they may still answer."""
    said = _said(recoveries.Offered, delivery)
    if not said.driver_phone:
        return None
    values = {"said": said, "link": _drivers_page(head)}
    until = _until(delivery, said.offer.expires_at)
    about, name = delivery.aggregate_id, said.offer.driver_name
    return Message("recovery-offered", Channel.SMS, said.driver_phone, about, until, name, values)


def _trip_recovered(delivery: Delivery, _: Letterhead) -> Message | None:
    said = _said(recoveries.Recovered, delivery)
    if not said.client_email:
        return None
    about, until = delivery.aggregate_id, _until(delivery)
    return Message("trip-recovered", Channel.EMAIL, said.client_email, about, until, said.client_name, {"said": said})


OCCASIONS: Final[Mapping[str, Occasion]] = {
    "assignment.offered": _to_driver("assignment-offered", assignments.Offered),
    "assignment.released": _to_driver("assignment-released", assignments.Released),
    "assignment.declined": _to_office("assignment-declined", assignments.Uncovered),
    "assignment.endangered": _to_office("assignment-endangered", assignments.Uncovered),
    "recovery.offered": _recovery_offered,
    "recovery.escalated": _to_office("recovery-escalated", recoveries.Escalated),
    "trip.recovered": _trip_recovered,
    "quote.sent": _quote_sent,
    "quote.declined": _quote_declined,
    "charter.booked": _about_trip("charter-booked", trips.Booked),
    "charter.cancelled": _about_trip("charter-cancelled", trips.Cancelled),
    "bidding.invited": _bid_invited,
    "bidding.decision_needed": _to_office("bid-decision", bidding.DecisionNeeded),
    "bidding.no_bids": _to_office("no-bids", bidding.NoBids),
    "bid.accepted": _bid_decided("bid-awarded", bidding.Accepted),
    "bid.rejected": _bid_decided("bid-rejected", bidding.Decided),
    "invoice.filed": _invoice_filed,
    "invoice.overdue": _invoice_overdue,
    "invoice.voided": _invoice_voided,
    "invoicing.finished": _to_office("invoicing-finished", invoices.RunFinished),
    "payment.failed": _payment_failed,
    "payment.succeeded": _payment_received,
    "payment.unplaced": _to_office("payment-unplaced", payments.Unplaced),
    "payout.made": _payout_made,
    "trip.hours_exceeded": _to_office("trip-alarm", alarms.HoursExceeded),
    "trip.late_risk": _to_office("trip-alarm", alarms.Late),
    "trip.papers_lacking": _to_office("trip-alarm", alarms.PapersLacking),
    "trip.unstarted": _to_office("trip-alarm", alarms.Unstarted),
    "payment.uncollected": _to_office("payment-uncollected", refunds.Uncollected),
    "refund.approval_needed": _to_office("refund-approval", refunds.ApprovalNeeded),
    "refund.completed": _refund_completed,
    "refund.failed": _to_office("refund-failed", refunds.Failed),
    "document.expiring": _document_expiring,
    "document.expired": _document_expired,
    identity.UserInvited.TYPE: _invited,
    identity.PasswordResetRequested.TYPE: _reset_requested,
    identity.PasswordChanged.TYPE: _password_changed,
    identity.OtpRequested.TYPE: _code_requested,
}
"""By the event's type; `template.yaml` lets just these reach the queue."""

ALSO: Final[Mapping[str, Occasion]] = {
    "assignment.offered": _to_driver("assignment-offered", assignments.Offered, second=True),
    "assignment.released": _to_driver("assignment-released", assignments.Released, second=True),
    "trip.recovered": _to_office("trip-recovered-office", recoveries.Recovered),
    "trip.unstarted": _not_reported,
}
"""What some of them make us write to somebody else besides."""


def consume(caller: Caller, delivery: Delivery) -> None:
    """Write what an event makes us write."""
    head = letterhead.of(delivery.org_id)
    for occasion in (OCCASIONS[delivery.type], ALSO.get(delivery.type)):
        message = occasion(delivery, head) if occasion is not None else None
        if message is not None:
            sending.send(caller, delivery.event_id, message, head)


CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(OCCASIONS, consume)
