"""What messaging reads of other capabilities' events is what they say."""

from __future__ import annotations

import pytest

from coachway.contracts import bids, bookings, compliance, identity
from coachway.contracts.billing import collections as collection_events
from coachway.contracts.billing import invoices as invoice_events
from coachway.contracts.billing import payables as payable_events
from coachway.contracts.billing import payments as payment_events
from coachway.contracts.billing import refunds as refund_events
from coachway.contracts.dispatch import assignments as dispatch
from coachway.contracts.dispatch import recovery as recovering
from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.messaging.notifications import NOTIFICATIONS
from coachway.messaging.payloads import (
    alarms,
    assignments,
    bidding,
    documents,
    invoices,
    payments,
    payouts,
    recoveries,
    refunds,
    trips,
)
from coachway.messaging.rendering import renderer
from tests.unit.messaging.saying import SAID

EVENTS: dict[str, type[Event]] = {
    each.TYPE: each
    for each in (
        dispatch.AssignmentOffered,
        dispatch.AssignmentAccepted,
        dispatch.AssignmentReleased,
        dispatch.AssignmentDeclined,
        dispatch.AssignmentEndangered,
        dispatch.TripHoursExceeded,
        dispatch.TripLateRisk,
        dispatch.TripPapersLacking,
        dispatch.TripUnstarted,
        bids.BiddingInvited,
        bids.DecisionNeeded,
        bids.BiddingEmpty,
        bids.BidAccepted,
        bids.BidCalledOff,
        bids.BidRejected,
        bookings.QuoteSent,
        bookings.QuoteDeclined,
        bookings.CharterBooked,
        bookings.CharterCancelled,
        invoice_events.InvoiceFiled,
        invoice_events.InvoiceOverdue,
        invoice_events.InvoiceVoided,
        invoice_events.InvoicingFinished,
        payable_events.PayoutMade,
        payment_events.PaymentDisputeEnded,
        payment_events.PaymentDisputed,
        payment_events.PaymentFailed,
        payment_events.PaymentSucceeded,
        payment_events.PaymentUnplaced,
        collection_events.PaymentUncollected,
        refund_events.RefundApprovalNeeded,
        refund_events.RefundCompleted,
        refund_events.RefundFailed,
        compliance.DocumentExpiring,
        compliance.DocumentExpired,
        recovering.RecoveryOffered,
        recovering.RecoveryEscalated,
        recovering.TripRecovered,
        identity.UserInvited,
        identity.PasswordResetRequested,
        identity.PasswordChanged,
        identity.OtpRequested,
    )
}


def test_every_occasion_is_an_event_that_exists() -> None:
    assert set(NOTIFICATIONS) == set(EVENTS) == set(SAID)


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_the_samples_are_real_events(kind: str) -> None:
    EVENTS[kind].model_validate(SAID[kind])


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (trips.QuoteSent, bookings.QuoteSent),
        (trips.Declined, bookings.QuoteDeclined),
        (trips.Booked, bookings.CharterBooked),
        (trips.Cancelled, bookings.CharterCancelled),
        (trips.Stop, bookings.TripStop),
        (assignments.Offered, dispatch.AssignmentOffered),
        (assignments.Released, dispatch.AssignmentReleased),
        (assignments.Offered, dispatch.AssignmentAccepted),
        (assignments.Declined, dispatch.AssignmentDeclined),
        (assignments.Uncovered, dispatch.AssignmentDeclined),
        (assignments.Uncovered, dispatch.AssignmentEndangered),
        (alarms.HoursExceeded, dispatch.TripHoursExceeded),
        (alarms.Late, dispatch.TripLateRisk),
        (alarms.PapersLacking, dispatch.TripPapersLacking),
        (alarms.Unstarted, dispatch.TripUnstarted),
        (bidding.Invited, bids.BiddingInvited),
        (bidding.DecisionNeeded, bids.DecisionNeeded),
        (bidding.NoBids, bids.BiddingEmpty),
        (bidding.Accepted, bids.BidAccepted),
        (bidding.CalledOff, bids.BidCalledOff),
        (bidding.Decided, bids.BidRejected),
        (invoices.Filed, invoice_events.InvoiceFiled),
        (invoices.Overdue, invoice_events.InvoiceOverdue),
        (invoices.Voided, invoice_events.InvoiceVoided),
        (invoices.RunFinished, invoice_events.InvoicingFinished),
        (invoices.RunFailure, invoice_events.RunFailure),
        (refunds.Uncollected, collection_events.PaymentUncollected),
        (refunds.ApprovalNeeded, refund_events.RefundApprovalNeeded),
        (refunds.Completed, refund_events.RefundCompleted),
        (refunds.Failed, refund_events.RefundFailed),
        (recoveries.Offered, recovering.RecoveryOffered),
        (recoveries.Offer, recovering.RecoveryOffer),
        (recoveries.Escalated, recovering.RecoveryEscalated),
        (recoveries.Recovered, recovering.TripRecovered),
        (payments.Succeeded, payment_events.PaymentSucceeded),
        (payments.Failed, payment_events.PaymentFailed),
        (payments.Unplaced, payment_events.PaymentUnplaced),
        (payments.Disputed, payment_events.PaymentDisputed),
        (payments.Disputed, payment_events.PaymentDisputeEnded),
        (payouts.Remittance, payable_events.PayoutMade),
        (payouts.PaidLine, payable_events.PaidLine),
        (documents.Expiring, compliance.DocumentExpiring),
        (documents.Expired, compliance.DocumentExpired),
    ],
)
def test_every_field_that_is_read_is_said(read: type[BaseSchema], said: type[BaseSchema]) -> None:
    assert set(read.model_fields) <= set(said.model_fields)


def test_every_template_is_used() -> None:
    ours = {path.name for path in renderer.TEMPLATES.glob("*.jinja")}
    assert ours == {
        "assignment-declined.jinja",
        "assignment-endangered.jinja",
        "assignment-offered.sms.jinja",
        "assignment-released.sms.jinja",
        "bid-awarded.jinja",
        "bid-called-off.jinja",
        "bid-decision.jinja",
        "bid-invitation.jinja",
        "bid-rejected.jinja",
        "charter-booked.jinja",
        "charter-cancelled.jinja",
        "document-expired.jinja",
        "document-expiring.jinja",
        "invitation.jinja",
        "no-bids.jinja",
        "one-time-code.jinja",
        "one-time-code.sms.jinja",
        "password-changed.jinja",
        "payment-uncollected.jinja",
        "password-reset.jinja",
        "quote-declined.jinja",
        "quote-sent.jinja",
        "recovery-escalated.jinja",
        "recovery-offered.sms.jinja",
        "trip-recovered.jinja",
        "trip-recovered-office.jinja",
        "invoice-overdue.jinja",
        "invoice-voided.jinja",
        "invoice.jinja",
        "invoicing-finished.jinja",
        "payment-dispute-ended.jinja",
        "payment-disputed.jinja",
        "payment-failed.jinja",
        "payment-received.jinja",
        "payment-unplaced.jinja",
        "refund-approval.jinja",
        "refund-completed.jinja",
        "refund-failed.jinja",
        "remittance.jinja",
        "trip-alarm.jinja",
        "trip-unstarted.sms.jinja",
    }
