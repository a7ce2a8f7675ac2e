"""Payments that were taken, and a Stripe in memory that gives back, for the tests of refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from coachway.billing import consumers
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS
from coachway.billing.payments import settlement
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
from tests.entries import load
from tests.integration.bookings.builders import CLIENT_ID, ORG
from tests.integration.client import Reply, call, token_for

api = load("billing", "refunds_api").api
SYSTEM: Final = Caller.system("refunds", ORG)
RIGHTS: Final = "billing:read refunds:write refunds:approve"


@dataclass
class FakeStripe:
    """What Stripe gave back, by its own ids; `silent` answers that never come, `refusal` what it says instead."""

    given: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    silent: int = 0
    refusal: str = ""

    def refund(self, *, key: str, payment_intent_id: str, cents: int, metadata: dict[str, str]) -> str:
        if self.refusal:
            raise stripe_client.StripeRejected(self.refusal)
        if key not in self.by_key:
            self.by_key[key] = f"re_{len(self.given)}"
            self.given[self.by_key[key]] = (payment_intent_id, metadata["refund_id"], cents)
        self._answer()
        return self.by_key[key]

    def refunds(self, payment_intent_id: str) -> dict[str, str]:
        self._answer()
        return {ours: id_ for id_, (intent, ours, _) in self.given.items() if intent == payment_intent_id}

    def _answer(self) -> None:
        if self.silent:
            self.silent -= 1
            raise errors.UpstreamUnavailable("the payment service did not answer")

    @property
    def total(self) -> int:
        return sum(cents for _, _, cents in self.given.values())


def install_fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    till = FakeStripe()
    monkeypatch.setattr(refunds_and_disputes, "create_refund", till.refund)
    monkeypatch.setattr(refunds_and_disputes, "list_refunds", till.refunds)
    return till


def send_request(
    method: str, path: str, body: Any = None, *, rights: str = RIGHTS, client: str = "", **more: Any
) -> Reply:
    """A request to refunds, as a manager, or as somebody of a client."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    role = "client" if client else "manager"
    return call(
        api, method, f"/api/v1{path}", body, token=token_for(rights, role=role, party_id=client, **times), **more
    )


def send_ok(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    reply = send_request(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def create_payment(cents: int, *, charter_id: str | None = None, invoice_id: str | None = None) -> str:
    """A payment by card that went well."""
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
    settlement.record_outcome(SYSTEM, payment.id, outcome)
    return payment.id


def create_refund(payment_id: str, amount: float | None, **more: Any) -> dict[str, Any]:
    """A refund that was asked for."""
    body = {"payment_id": payment_id, "reason": "The coach had no wifi", **({"amount": amount} if amount else {})}
    return send_ok("POST", "/payments/refund", body, **more)


def run_workflow(refund_id: str, *, tries: int = 1) -> str:
    """What the flow does, without its waits: each step as often as its retries allow. Where it stands in the end."""
    execution = f"execution-{ids.ulid()}"
    following = refund_workflow.choose_next_step(SYSTEM, refund_id, execution=execution, round_=1, redriven=True).go
    for attempt in range(tries):
        if following != "give_back":
            break
        try:
            following = refund_workflow.execute_refund(SYSTEM, refund_id).go
        except errors.UpstreamUnavailable:
            if attempt == tries - 1:
                failure = {"Error": "Upstream"}
                following = refund_workflow.record_step_failure(SYSTEM, refund_id, state="GiveBack", failure=failure).go
    return following


def deliver_event(key: Any, kind: str, aggregate_id: str) -> None:
    """Billing hears of the newest event of a type of an aggregate."""
    event = [each for each in store.history(key) if each.type == kind][-1].model_dump(mode="json")
    delivery = Delivery(
        event_id=event["event_id"],
        type=kind,
        org_id=ORG,
        aggregate_id=aggregate_id,
        correlation_id="c",
        data=event["data"],
    )
    consumers.CONSUMERS[kind](SYSTEM, delivery)


def deliver_cancellation(charter_id: str) -> None:
    """Billing hears that a charter was cancelled."""
    deliver_event(CHARTER.key(org=ORG, id=charter_id), "charter.cancelled", charter_id)


def event_types(refund_id: str) -> list[str]:
    return [each.type for each in store.history(REFUND.key(org=ORG, id=refund_id))]


def account_balances() -> dict[str, int]:
    """What each account of the ledger adds up to, in cents: all of it to zero, and the months' totals are the same."""
    now = clock.now().date()
    found: dict[str, int] = {}
    months: set[str] = set()
    for entry in journal.iter_entries(ORG, now - timedelta(days=400), now + timedelta(days=1)):
        months.add(f"{entry.on:%Y-%m}")
        for line in entry.postings:
            found[line.account.value] = found.get(line.account.value, 0) + line.amount
    assert sum(found.values()) == 0
    by_month = journal.load_monthly_totals(ORG, sorted(months)).values()
    for name, cents in found.items():
        assert sum(month[account].balance for month in by_month for account in month if account.value == name) == cents
    return {name: cents for name, cents in found.items() if cents}


def client_balance() -> int:
    """What the client owes as the ledger says; negative: we owe it."""
    now = clock.now().date()
    return sum(
        line.amount
        for entry in journal.iter_entries(ORG, now - timedelta(days=400), now + timedelta(days=1))
        for line in entry.postings
        if line.account in CLIENT_ACCOUNTS and line.client_id == CLIENT_ID
    )
