"""What is due is collected by card: planned, begun on its day, tried again, and given up, on the table in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from coachway.billing import consumers
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections import service as collections
from coachway.billing.collections import workflow as collection_workflow
from coachway.billing.collections.model import COLLECTION, Collection, collection_id_of
from coachway.billing.collections.rules import CollectionStatus
from coachway.billing.payments import card_payments, settlement
from coachway.billing.payments.model import OF_CLIENT, STRIPE_CUSTOMER, Payment, PaymentStatus, StripeCustomer
from coachway.billing.stripe.client import ChargeOutcome
from coachway.bookings.charters.instalments import Instalment, InstalmentKind
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.refund_builders import SYSTEM, create_payment
from tests.integration.bookings.builders import CLIENT_ID, ORG

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)
DUE = datetime(2027, 2, 17, 5, tzinfo=UTC)
CENTS = 72_650
DEPOSIT = 18_163
REST = CENTS - DEPOSIT


class Bank:
    """Charges cards in the order of what it is told to say; `asked` are the payments it was asked for."""

    def __init__(self) -> None:
        self.says: list[str] = []
        self.asked: list[str] = []
        self.took: dict[str, int] = {}

    def finished(self, _: Any, payment: Payment) -> Payment:
        self.asked.append(payment.id)
        said = self.says.pop(0) if self.says else "yes"
        if said == "silence":
            return payment
        if said == "yes":
            self.took[payment.id] = payment.amount
        outcome = ChargeOutcome(
            payment_intent_id=f"pi_{payment.id}",
            succeeded=said == "yes",
            amount=payment.amount,
            currency="USD",
            metadata={},
            failure_message=None if said == "yes" else said,
        )
        return settlement.record_outcome(SYSTEM, payment.id, outcome)


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(NOW):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def bank(monkeypatch: pytest.MonkeyPatch) -> Bank:
    made = Bank()
    monkeypatch.setattr(card_payments, "complete_payment", made.finished)
    return made


def card() -> None:
    """The client's card is known."""
    known = StripeCustomer(org_id=ORG, client_id=CLIENT_ID, customer_id="cus_1", payment_method_id="pm_1")
    if store.find(StripeCustomer, STRIPE_CUSTOMER.key(org=ORG, client=CLIENT_ID)) is None:
        store.commit(SYSTEM, Create(known))


def booked() -> Charter:
    """Its deposit is paid, the rest is due fourteen days before the trip."""
    trip = builders.create_booked_charter()
    parts = [
        Instalment(kind=InstalmentKind.DEPOSIT, amount=DEPOSIT),
        Instalment(kind=InstalmentKind.BALANCE, amount=REST, due_on=date(2027, 2, 17)),
    ]
    before = builders.get_charter(trip.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": parts})))
    create_payment(DEPOSIT, charter_id=trip.id)
    card()
    heard("payment.succeeded", trip.id, charter_id=trip.id)
    return trip


def heard(kind: str, aggregate_id: str, **said: Any) -> None:
    """Billing's part in an event."""
    delivery = Delivery(event_id="e", type=kind, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=said)
    assert kind in consumers.CONSUMERS
    collection_schedule.CONSUMERS[kind](SYSTEM, delivery)


def of(subject_id: str) -> Collection:
    return collections.get_collection(SYSTEM, collection_id_of(subject_id))


def events(subject_id: str) -> list[str]:
    return [each.type for each in store.history(COLLECTION.key(org=ORG, id=collection_id_of(subject_id)))]


def charge(subject_id: str) -> collection_workflow.NextStep:
    id_ = collection_id_of(subject_id)
    following = collection_workflow.choose_next_step(
        SYSTEM, id_, execution="one", round_=of(subject_id).round, redriven=False
    )
    assert following.go == "charge"
    return collection_workflow.charge_saved_card(SYSTEM, id_)


def test_collection_charges_balance_on_due_date(bank: Bank) -> None:
    trip = booked()
    assert (of(trip.id).status, of(trip.id).due_at) == ("planned", DUE)
    with clock.frozen(DUE - timedelta(seconds=1)):
        assert collection_schedule.run().started == 0
    with clock.frozen(DUE):
        assert [collection_schedule.run().started for _ in range(2)] == [1, 0]
        assert charge(trip.id).go == "over"
        assert collection_workflow.charge_saved_card(SYSTEM, collection_id_of(trip.id)).go == "over"
    assert list(bank.took.values()) == [REST]
    assert (of(trip.id).status, builders.get_charter(trip.id).amount_paid) == ("paid", CENTS)
    assert events(trip.id) == ["payment.due", "payment.collected"]


def test_collection_declined_card_retries_three_times_then_fails(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds"] * 4
    with clock.frozen(DUE):
        collection_schedule.run()
        steps = [charge(trip.id) for _ in range(4)]
    assert [(each.go, each.seconds) for each in steps] == [
        ("wait", 3_600),
        ("wait", 86_400),
        ("wait", 259_200),
        ("over", 1),
    ]
    known = of(trip.id)
    assert (known.status, known.reason, len(known.tries)) == ("failed", "no funds", 4)
    assert len({each.payment_id for each in known.tries}) == 4
    assert events(trip.id) == ["payment.due", "payment.uncollected"]
    assert bank.took == {}


def test_collection_later_attempt_succeeds(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds", "no funds", "yes"]
    with clock.frozen(DUE):
        collection_schedule.run()
        assert [charge(trip.id).go for _ in range(3)] == ["wait", "wait", "over"]
    assert (of(trip.id).status, list(bank.took.values())) == ("paid", [REST])


def test_collection_unknown_outcome_reuses_payment(bank: Bank) -> None:
    trip = booked()
    bank.says = ["silence", "silence", "yes"]
    with clock.frozen(DUE):
        collection_schedule.run()
        for _ in range(2):
            with pytest.raises(errors.UpstreamUnavailable):
                charge(trip.id)
        assert charge(trip.id).go == "over"
    assert len(set(bank.asked)) == 1
    assert list(bank.took.values()) == [REST]


def test_collection_paid_by_client_charges_nothing(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds"]
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "wait"
        create_payment(REST, charter_id=trip.id)
        assert charge(trip.id).go == "over"
    assert (of(trip.id).status, bank.took) == ("paid", {})


def test_collection_partially_paid_charges_rest(bank: Bank) -> None:
    trip = booked()
    with clock.frozen(DUE):
        collection_schedule.run()
        create_payment(10_000, charter_id=trip.id)
        assert charge(trip.id).go == "over"
    assert list(bank.took.values()) == [REST - 10_000]


def test_collection_cancelled_charter_charges_nothing(bank: Bank) -> None:
    trip = booked()
    before = builders.get_charter(trip.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": Status.CANCELLED})))
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "over"
    assert bank.asked == []


def test_collection_without_saved_card_fails_at_once(bank: Bank) -> None:
    trip = booked()
    key = STRIPE_CUSTOMER.key(org=ORG, client=CLIENT_ID)
    known = store.get(StripeCustomer, key)
    store.commit(SYSTEM, Update(known, known.model_copy(update={"payment_method_id": None})))
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "over"
    assert (of(trip.id).status, of(trip.id).reason) == ("failed", "The client has no saved card")
    assert (of(trip.id).tries, bank.asked) == ([], [])


def test_collection_new_schedule_is_planned_again(bank: Bank) -> None:
    trip = booked()
    before = builders.get_charter(trip.id)
    later = [before.instalments[0], before.instalments[1].model_copy(update={"due_on": date(2027, 2, 25)})]
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": later})))
    heard("charter.modified", trip.id)
    with clock.frozen(DUE):
        assert collection_schedule.run().started == 0
    with clock.frozen(DUE + timedelta(days=8)):
        assert collection_schedule.run().started == 1


def test_collection_invoice_with_saved_card_charges_on_due_date(bank: Bank) -> None:
    trip = builders.create_completed_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    heard("invoice.issued", invoice["id"])
    with pytest.raises(errors.NotFound):
        of(invoice["id"])
    card()
    heard("invoice.issued", invoice["id"])
    assert of(invoice["id"]).due_on == date.fromisoformat(invoice["due_date"])
    # It is due on receipt: its day has come.
    assert of(invoice["id"]).status is CollectionStatus.COLLECTING
    assert charge(invoice["id"]).go == "over"
    assert builders.send_ok("GET", f"/invoices/{invoice['id']}")["status"] == "paid"
    assert list(bank.took.values()) == [CENTS]


def test_collection_failed_step_is_recorded_and_resumed(bank: Bank) -> None:
    trip = booked()
    with clock.frozen(DUE):
        collection_schedule.run()
        id_ = collection_id_of(trip.id)
        collection_workflow.choose_next_step(SYSTEM, id_, execution="one", round_=1, redriven=False)
        collection_workflow.record_failure(SYSTEM, id_, state="Charge", failure={"Error": "Upstream"})
        assert builders.get_charter(trip.id).flow_failures["payment_collection"].state == "Charge"
        assert collection_workflow.choose_next_step(SYSTEM, id_, execution="two", round_=1, redriven=False).go == "over"
        assert (
            collection_workflow.choose_next_step(SYSTEM, id_, execution="two", round_=1, redriven=True).go == "charge"
        )
        assert collection_workflow.charge_saved_card(SYSTEM, id_).go == "over"
    assert builders.get_charter(trip.id).flow_failures == {}
    assert list(bank.took.values()) == [REST]


def test_retry_collection_failed_one_starts_again(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds"] * 4
    with clock.frozen(DUE):
        collection_schedule.run()
        for _ in range(4):
            charge(trip.id)
        id_ = collection_id_of(trip.id)
        again = builders.send_ok("POST", f"/billing/collections/{id_}/retry")
        assert (again["status"], again["round"], again["tries"]) == ("collecting", 2, [])
        assert (
            collection_workflow.choose_next_step(SYSTEM, id_, execution="two", round_=2, redriven=False).go == "charge"
        )
        assert collection_workflow.charge_saved_card(SYSTEM, id_).go == "over"
        assert builders.send_request("POST", f"/billing/collections/{id_}/retry").status == 409
    found = builders.send_ok("GET", "/billing/collections", query={"status": "paid"})["items"]
    assert [each["id"] for each in found] == [id_]
    assert builders.send_ok("GET", f"/billing/collections/{id_}")["number"] == trip.number
    assert payments(again["client_id"]) == {PaymentStatus.SUCCEEDED: 2, PaymentStatus.FAILED: 4}


def payments(client_id: str) -> dict[PaymentStatus, int]:
    partition = OF_CLIENT.partition(org=ORG, client=client_id)
    return dict(Counter(each.status for each in query_all(Payment, partition, index=OF_CLIENT.index)))
