"""A charter that was paid by card, whose refunds are returned or whose payment is disputed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coachway.billing.payments.model import REFUND_HOLDS, Payment
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import Refund, RefundInput
from coachway.core import store
from coachway.core.caller import Caller
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders

STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager")
CENTS = 676_30
FEE = 15_00


@dataclass
class PaidCharter:
    """A booked charter of 676.30 that was paid by card, with its payment at Stripe."""

    organization: BillingOrganization
    sandbox: Sandbox
    charter_id: str
    payment: Payment

    def reload_payment(self) -> Payment:
        return store.get(Payment, self.payment.key())

    def get_held_amount(self) -> int:
        """Return the cents of the payment that are refunded or held for refunds."""
        key = REFUND_HOLDS.key(org=booking_builders.ORG, payment=self.payment.id)
        return store.get_counters(key).get("refunded", 0)

    def refund(self, cents: int) -> Refund:
        """Refund a part of the payment. Return the completed refund."""
        refund = self.request_refund(cents)
        assert refund_builders.run_workflow(refund.id) == "over"
        refund = refunds.get_refund(STAFF, refund.id)
        assert refund.status == "completed"
        return refund

    def request_refund(self, cents: int) -> Refund:
        """Request a refund of a part of the payment."""
        request = RefundInput(payment_id=self.payment.id, amount=cents, reason="The coach had no wifi")
        return refunds.request_refund(STAFF, request)

    def issue_invoice(self) -> str:
        """Issue an invoice of the charter. Return its id."""
        draft = builders.send_ok("POST", "/invoices", {"charter_id": self.charter_id})
        return str(builders.send_ok("POST", f"/invoices/{draft['id']}/issue")["id"])

    def open_dispute(self, **fields: Any) -> str:
        """Open a dispute of the payment at the bank. Return its id."""
        fields = {"payment_intent": self.payment.stripe_payment_intent_id, **fields}
        return str(self.sandbox.simulate_bank("disputes", **fields)["id"])

    def return_refund(self, refund: Refund) -> None:
        """Return a refund from the bank, without delivering the events."""
        self.sandbox.simulate_bank(f"refunds/{refund.stripe_refund_id}/fail")

    def decide_dispute(self, dispute_id: str, status: str) -> None:
        self.sandbox.simulate_bank(f"disputes/{dispute_id}", status=status)

    def deliver_events(self, object_id: str, *, newest_first: bool = False) -> list[str]:
        """Deliver all events about an object. Return the results."""
        events = self.sandbox.list_events_about(object_id)
        return [deliver_webhook(event).json()["result"] for event in (events[::-1] if newest_first else events)]
