"""Charters and invoices to collect, saved cards, and a fake of Stripe's charges."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

from coachway.billing import consumers
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections import service as collections
from coachway.billing.collections import start_job as collection_start_job
from coachway.billing.collections import workflow as collection_workflow
from coachway.billing.collections.model import COLLECTION, Collection, derive_collection_id
from coachway.billing.payments.model import (
    OF_CLIENT,
    CardConsent,
    Payment,
    PaymentStatus,
    StripeCustomer,
)
from coachway.billing.stripe.client import ChargeOutcome
from coachway.bookings.charters.model import Charter
from coachway.bookings.instalments import Instalment, InstalmentKind
from coachway.core import errors, store
from coachway.core.documents import card_consent
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.refund_builders import SYSTEM, create_payment
from tests.integration.bookings.builders import CLIENT_ID, ORG

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)
DUE = datetime(2027, 2, 17, 5, tzinfo=UTC)
ANNOUNCED = DUE - card_consent.NOTICE
CENTS = 72_650
DEPOSIT = 18_163
BALANCE = CENTS - DEPOSIT


class FakeStripe:
    """Stripe's card charges in memory, by idempotency key.

    `responses` are the results of the next charges: `succeeded`, `timeout`, or the message of a decline. Later charges
    succeed.
    """

    def __init__(self) -> None:
        self.responses: list[str] = []
        self.requested_keys: list[str] = []
        self.charges: dict[str, int] = {}

    def charge_card(self, *, key: str, cents: int, currency: str, metadata: dict[str, str], **_: Any) -> ChargeOutcome:
        self.requested_keys.append(key)
        response = self.responses.pop(0) if self.responses else "succeeded"
        if response == "timeout":
            raise errors.UpstreamUnavailable("The payment service did not respond.")
        has_succeeded = response == "succeeded"
        if has_succeeded:
            self.charges[key] = cents
        return ChargeOutcome(
            payment_intent_id=f"pi_{key}",
            succeeded=has_succeeded,
            amount=cents,
            currency=currency,
            metadata=metadata,
            failure_message=None if has_succeeded else response,
        )

    def find_charge(self, customer_id: str, payment_id: str, *, since: datetime) -> None:
        """Find nothing: the charges that timed out never arrived."""


CONSENT = CardConsent(version="2026-11", text="I agree.", given_at=NOW, page="/pages/quotes")


def save_card(consent: CardConsent | None = CONSENT) -> None:
    """Save a card of the client. Without `consent`, as the previous release did."""
    customer = StripeCustomer(
        org_id=ORG,
        client_id=CLIENT_ID,
        customer_id="cus_1",
        payment_method_id="pm_1",
        card="Visa ending in 4242",
        consent=consent,
    )
    before = store.find(StripeCustomer, customer.key())
    store.commit(SYSTEM, Create(customer) if before is None else Update(before, customer))


def create_charter_with_balance(*, consent: CardConsent | None = CONSENT) -> Charter:
    """Create a booked charter with a paid deposit, whose balance is due fourteen days before the trip.

    The charge of the balance is announced three days before.
    """
    charter = create_charter_with_schedule()
    save_card(consent)
    deliver_event("payment.succeeded", charter.id, charter_id=charter.id)
    assert get_collection(charter.id).status == "planned"
    with clock.frozen(ANNOUNCED):
        assert [collection_start_job.run().announced for _ in range(2)] == [1, 0]
    return charter


def create_charter_with_schedule() -> Charter:
    """Create a booked charter with a paid deposit."""
    charter = builders.create_booked_charter()
    instalments = [
        Instalment(kind=InstalmentKind.DEPOSIT, amount=DEPOSIT),
        Instalment(kind=InstalmentKind.BALANCE, amount=BALANCE, due_on=date(2027, 2, 17)),
    ]
    before = builders.get_charter(charter.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": instalments})))
    create_payment(DEPOSIT, charter_id=charter.id)
    return charter


def deliver_event(event_type: str, aggregate_id: str, **data: Any) -> None:
    """Deliver an event to the consumers of collections."""
    delivery = Delivery(
        event_id="e", type=event_type, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=data
    )
    assert event_type in consumers.CONSUMERS
    collection_schedule.CONSUMERS[event_type](SYSTEM, delivery)


def get_collection(subject_id: str) -> Collection:
    return collections.get_collection(SYSTEM, derive_collection_id(subject_id))


def list_event_types(subject_id: str) -> list[str]:
    return [event.type for event in store.list_history(COLLECTION.key(org=ORG, id=derive_collection_id(subject_id)))]


def run_charge_step(subject_id: str) -> collection_workflow.NextStep:
    """Run the steps that choose the next state and charge the card."""
    collection = get_collection(subject_id)
    next_step = collection_workflow.choose_next_step(
        SYSTEM, collection.id, execution="one", round_=collection.round, redriven=False
    )
    assert next_step.go == "charge"
    return collection_workflow.charge_saved_card(SYSTEM, collection.id)


def issue_invoice(charter: Charter, **fields: Any) -> dict[str, Any]:
    draft = builders.send_ok("POST", "/invoices", {"charter_id": charter.id, **fields})
    invoice: dict[str, Any] = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    return invoice


def count_payments(client_id: str) -> dict[PaymentStatus, int]:
    partition = OF_CLIENT.partition(org=ORG, client=client_id)
    return dict(Counter(payment.status for payment in query_all(Payment, partition, index=OF_CLIENT.index)))
