"""Payments to refund, a fake of Stripe's refunds, and requests to the refunds API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from coachway.billing import consumers
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS
from coachway.billing.payments import outcome_recording
from coachway.billing.payments.model import Payment
from coachway.billing.refunds import workflow as refund_workflow
from coachway.billing.refunds.model import REFUND
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe.client import ChargeOutcome
from coachway.bookings.charters.model import CHARTER
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.builders import MANAGER
from tests.integration.bookings.builders import CLIENT_ID, ORG
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("billing", "refunds_api").api
SYSTEM: Final = Caller.system("refunds", ORG)
APPROVER: Final = Caller(org_id=ORG, user_id="usr_01K3ZV8N6Y3T5G7H9J1M2P4R6A", role="manager", correlation_id="tests")
PERMISSIONS: Final = "billing:read refunds:write refunds:approve"


@dataclass
class FakeStripe:
    """Stripe's refunds in memory.

    `refunds` has the payment intent, our refund id and the cents by Stripe's refund id. The next `timeouts` calls get
    no response. While `rejection` is set, each refund fails with it.
    """

    refunds: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    ids_by_key: dict[str, str] = field(default_factory=dict)
    timeouts: int = 0
    rejection: str = ""

    def create_refund(self, *, key: str, payment_intent_id: str, cents: int, metadata: dict[str, str]) -> str:
        if self.rejection:
            raise stripe_client.StripeRejected(self.rejection)
        if key not in self.ids_by_key:
            self.ids_by_key[key] = f"re_{len(self.refunds)}"
            self.refunds[self.ids_by_key[key]] = (payment_intent_id, metadata["refund_id"], cents)
        self._respond()
        return self.ids_by_key[key]

    def list_refunds(self, payment_intent_id: str) -> dict[str, str]:
        self._respond()
        return {
            refund_id: stripe_id
            for stripe_id, (intent, refund_id, _) in self.refunds.items()
            if intent == payment_intent_id
        }

    def _respond(self) -> None:
        if self.timeouts:
            self.timeouts -= 1
            raise errors.UpstreamUnavailable("The payment service did not respond.")

    @property
    def total(self) -> int:
        """The sum of all refunds, in cents."""
        return sum(cents for _, _, cents in self.refunds.values())


def install_fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    """Replace the refunds of the Stripe client by a fake."""
    fake_stripe = FakeStripe()
    monkeypatch.setattr(refunds_and_disputes, "create_refund", fake_stripe.create_refund)
    monkeypatch.setattr(refunds_and_disputes, "list_refunds", fake_stripe.list_refunds)
    return fake_stripe


def send_request(
    method: str,
    path: str,
    body: Any = None,
    *,
    permissions: str = PERMISSIONS,
    client: str = "",
    user_id: str = MANAGER.user_id,
    **options: Any,
) -> Reply:
    """Send a request to the refunds API, as a manager or as a user of a client."""
    issued_at = datetime.now(UTC)
    times: dict[str, Any] = {"iat": issued_at, "exp": issued_at + timedelta(minutes=5)}
    role = "client" if client else "manager"
    token = token_for(permissions, role=role, party_id=client, user_id=user_id, **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send a request that must succeed. Return the body of the response."""
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def approve_refund(refund_id: str, reason: str = "") -> dict[str, Any]:
    """Approve a refund as another manager than the one who requested it."""
    return send_ok("POST", f"/refunds/{refund_id}/approve", {"reason": reason}, user_id=APPROVER.user_id)


def create_payment(cents: int, *, charter_id: str | None = None, invoice_id: str | None = None) -> str:
    """Create a successful card payment of a charter or an invoice. Return its id."""
    payment = Payment(
        id=ids.new("pay"),
        org_id=ORG,
        client_id=CLIENT_ID,
        charter_id=charter_id,
        invoice_id=invoice_id,
        number="CH-2027-000001",
        amount=cents,
        currency="USD",
        payment_method_id="pm_card_visa",
    )
    store.commit(SYSTEM, Create(payment))
    outcome = ChargeOutcome(
        payment_intent_id=f"pi_{payment.id}",
        succeeded=True,
        amount=cents,
        currency="USD",
        metadata={},
        charge_id="ch_1",
    )
    outcome_recording.record_outcome(SYSTEM, payment.id, outcome)
    return payment.id


def create_refund(payment_id: str, amount: float | None, **options: Any) -> dict[str, Any]:
    """Request a refund. Without `amount`, all that can be refunded."""
    body = {"payment_id": payment_id, "reason": "The coach had no wifi", **({"amount": amount} if amount else {})}
    return send_ok("POST", "/payments/refund", body, **options)


def run_workflow(refund_id: str, *, attempts: int = 1) -> str:
    """Run the steps of the refund workflow, without waiting between attempts. Return the next state."""
    execution = f"execution-{ids.ulid()}"
    next_state = refund_workflow.choose_next_step(SYSTEM, refund_id, execution=execution, round_=1, redriven=True).go
    for attempt in range(attempts):
        if next_state != "give_back":
            break
        try:
            next_state = refund_workflow.execute_refund(SYSTEM, refund_id).go
        except errors.UpstreamUnavailable:
            if attempt == attempts - 1:
                failure = {"Error": "Upstream"}
                next_state = refund_workflow.record_step_failure(
                    SYSTEM, refund_id, state="SendRefund", failure=failure
                ).go
    return next_state


def deliver_event(key: Any, event_type: str, aggregate_id: str) -> None:
    """Deliver the newest event of a type to the consumers of billing."""
    event = [event for event in store.list_history(key) if event.type == event_type][-1].model_dump(mode="json")
    delivery = Delivery(
        event_id=event["event_id"],
        type=event_type,
        org_id=ORG,
        aggregate_id=aggregate_id,
        correlation_id="c",
        data=event["data"],
    )
    consumers.CONSUMERS[event_type](SYSTEM, delivery)


def deliver_cancellation(charter_id: str) -> None:
    """Deliver the event of a cancelled charter to the consumers of billing."""
    deliver_event(CHARTER.key(org=ORG, id=charter_id), "charter.cancelled", charter_id)


def list_event_types(refund_id: str) -> list[str]:
    """List the types of a refund's events, oldest first."""
    return [event.type for event in store.list_history(REFUND.key(org=ORG, id=refund_id))]


def get_account_balances() -> dict[str, int]:
    """Return the balance of each account in cents, without zeros.

    Check that all balances add up to zero, and that the monthly totals agree with the entries.
    """
    today = clock.now().date()
    balances: dict[str, int] = {}
    months: set[str] = set()
    for entry in journal.iter_entries(ORG, today - timedelta(days=400), today + timedelta(days=1)):
        months.add(f"{entry.entry_date:%Y-%m}")
        for line in entry.postings:
            balances[line.account.value] = balances.get(line.account.value, 0) + line.amount
    assert sum(balances.values()) == 0
    by_month = journal.load_monthly_totals(ORG, sorted(months)).values()
    for name, cents in balances.items():
        assert sum(month[account].balance for month in by_month for account in month if account.value == name) == cents
    return {name: cents for name, cents in balances.items() if cents}


def get_client_balance() -> int:
    """Return the cents that the client owes by the ledger. Negative when the client is owed."""
    today = clock.now().date()
    return sum(
        line.amount
        for entry in journal.iter_entries(ORG, today - timedelta(days=400), today + timedelta(days=1))
        for line in entry.postings
        if line.account in CLIENT_ACCOUNTS and line.client_id == CLIENT_ID
    )
