"""What is due is collected by card: planned, begun on its day, tried again, and given up, on the table in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from coachway.billing import consumers
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections import workflow as collection_workflow
from coachway.billing.collections.model import COLLECTION, Collection, collection_id
from coachway.billing.collections.rules import CollectionStatus
from coachway.billing.payments import card_payments, settlement
from coachway.billing.payments.model import OF_CLIENT, STRIPE_CUSTOMER, Payment, PaymentStatus, StripeCustomer
from coachway.billing.stripe.client import Charged
from coachway.bookings.charters.instalments import Instalment, InstalmentKind
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from tests.integration.billing import office
from tests.integration.billing.refunding import SYSTEM, paid
from tests.integration.bookings.asking import CLIENT_ID, ORG

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
        outcome = Charged(
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
        office.found("due_on_receipt")
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
    trip = office.booked()
    parts = [
        Instalment(kind=InstalmentKind.DEPOSIT, amount=DEPOSIT),
        Instalment(kind=InstalmentKind.BALANCE, amount=REST, due_on=date(2027, 2, 17)),
    ]
    before = office.charter(trip.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": parts})))
    paid(DEPOSIT, charter_id=trip.id)
    card()
    heard("payment.succeeded", trip.id, charter_id=trip.id)
    return trip


def heard(kind: str, aggregate_id: str, **said: Any) -> None:
    """Billing's part in an event."""
    delivery = Delivery(event_id="e", type=kind, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=said)
    assert kind in consumers.CONSUMERS
    collection_schedule.CONSUMERS[kind](SYSTEM, delivery)


def of(subject_id: str) -> Collection:
    return collection_schedule.get(SYSTEM, collection_id(subject_id))


def events(subject_id: str) -> list[str]:
    return [each.type for each in store.history(COLLECTION.key(org=ORG, id=collection_id(subject_id)))]


def charge(subject_id: str) -> collection_workflow.Next:
    id_ = collection_id(subject_id)
    following = collection_workflow.next_step(SYSTEM, id_, execution="one", round_=of(subject_id).round, redriven=False)
    assert following.go == "charge"
    return collection_workflow.charge(SYSTEM, id_)


def test_the_balance_is_collected_on_its_day(bank: Bank) -> None:
    trip = booked()
    assert (of(trip.id).status, of(trip.id).due_at) == ("planned", DUE)
    with clock.frozen(DUE - timedelta(seconds=1)):
        assert collection_schedule.run().begun == 0
    with clock.frozen(DUE):
        assert [collection_schedule.run().begun for _ in range(2)] == [1, 0]
        assert charge(trip.id).go == "over"
        assert collection_workflow.charge(SYSTEM, collection_id(trip.id)).go == "over"
    assert list(bank.took.values()) == [REST]
    assert (of(trip.id).status, office.charter(trip.id).amount_paid) == ("paid", CENTS)
    assert events(trip.id) == ["payment.due", "payment.collected"]


def test_a_declined_card_is_tried_three_times_more_and_then_staff_are_told(bank: Bank) -> None:
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


def test_a_later_try_may_go_well(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds", "no funds", "yes"]
    with clock.frozen(DUE):
        collection_schedule.run()
        assert [charge(trip.id).go for _ in range(3)] == ["wait", "wait", "over"]
    assert (of(trip.id).status, list(bank.took.values())) == ("paid", [REST])


def test_while_it_is_not_known_what_became_of_a_charge_the_same_is_asked_again(bank: Bank) -> None:
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


def test_what_its_client_paid_meanwhile_is_not_collected(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds"]
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "wait"
        paid(REST, charter_id=trip.id)
        assert charge(trip.id).go == "over"
    assert (of(trip.id).status, bank.took) == ("paid", {})


def test_a_part_that_was_paid_meanwhile_is_not_collected_again(bank: Bank) -> None:
    trip = booked()
    with clock.frozen(DUE):
        collection_schedule.run()
        paid(10_000, charter_id=trip.id)
        assert charge(trip.id).go == "over"
    assert list(bank.took.values()) == [REST - 10_000]


def test_a_cancelled_trip_is_not_collected(bank: Bank) -> None:
    trip = booked()
    before = office.charter(trip.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": Status.CANCELLED})))
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "over"
    assert bank.asked == []


def test_without_a_card_staff_are_told_at_once(bank: Bank) -> None:
    trip = booked()
    key = STRIPE_CUSTOMER.key(org=ORG, client=CLIENT_ID)
    known = store.get(StripeCustomer, key)
    store.commit(SYSTEM, Update(known, known.model_copy(update={"payment_method_id": None})))
    with clock.frozen(DUE):
        collection_schedule.run()
        assert charge(trip.id).go == "over"
    assert (of(trip.id).status, of(trip.id).reason) == ("failed", "no card of this client is known")
    assert (of(trip.id).tries, bank.asked) == ([], [])


def test_what_was_agreed_anew_is_collected_then(bank: Bank) -> None:
    trip = booked()
    before = office.charter(trip.id)
    later = [before.instalments[0], before.instalments[1].model_copy(update={"due_on": date(2027, 2, 25)})]
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": later})))
    heard("charter.modified", trip.id)
    with clock.frozen(DUE):
        assert collection_schedule.run().begun == 0
    with clock.frozen(DUE + timedelta(days=8)):
        assert collection_schedule.run().begun == 1


def test_an_invoice_of_a_client_whose_card_is_known_is_collected_on_its_day(bank: Bank) -> None:
    trip = office.completed()
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    heard("invoice.issued", invoice["id"])
    with pytest.raises(errors.NotFound):
        of(invoice["id"])
    card()
    heard("invoice.issued", invoice["id"])
    assert of(invoice["id"]).due_on == date.fromisoformat(invoice["due_date"])
    # It is due on receipt: its day has come.
    assert of(invoice["id"]).status is CollectionStatus.COLLECTING
    assert charge(invoice["id"]).go == "over"
    assert office.done("GET", f"/invoices/{invoice['id']}")["status"] == "paid"
    assert list(bank.took.values()) == [CENTS]


def test_a_failed_step_is_told_on_the_charter_and_taken_up_again(bank: Bank) -> None:
    trip = booked()
    with clock.frozen(DUE):
        collection_schedule.run()
        id_ = collection_id(trip.id)
        collection_workflow.next_step(SYSTEM, id_, execution="one", round_=1, redriven=False)
        collection_workflow.failed(SYSTEM, id_, state="Charge", failure={"Error": "Upstream"})
        assert office.charter(trip.id).flow_failures["payment_collection"].state == "Charge"
        assert collection_workflow.next_step(SYSTEM, id_, execution="two", round_=1, redriven=False).go == "over"
        assert collection_workflow.next_step(SYSTEM, id_, execution="two", round_=1, redriven=True).go == "charge"
        assert collection_workflow.charge(SYSTEM, id_).go == "over"
    assert office.charter(trip.id).flow_failures == {}
    assert list(bank.took.values()) == [REST]


def test_what_was_given_up_can_be_begun_again(bank: Bank) -> None:
    trip = booked()
    bank.says = ["no funds"] * 4
    with clock.frozen(DUE):
        collection_schedule.run()
        for _ in range(4):
            charge(trip.id)
        id_ = collection_id(trip.id)
        again = office.done("POST", f"/billing/collections/{id_}/retry")
        assert (again["status"], again["round"], again["tries"]) == ("collecting", 2, [])
        assert collection_workflow.next_step(SYSTEM, id_, execution="two", round_=2, redriven=False).go == "charge"
        assert collection_workflow.charge(SYSTEM, id_).go == "over"
        assert office.ask("POST", f"/billing/collections/{id_}/retry").status == 409
    found = office.done("GET", "/billing/collections", query={"status": "paid"})["items"]
    assert [each["id"] for each in found] == [id_]
    assert office.done("GET", f"/billing/collections/{id_}")["number"] == trip.number
    assert payments(again["client_id"]) == {PaymentStatus.SUCCEEDED: 2, PaymentStatus.FAILED: 4}


def payments(client_id: str) -> dict[PaymentStatus, int]:
    partition = OF_CLIENT.partition(org=ORG, client=client_id)
    return dict(Counter(each.status for each in query_all(Payment, partition, index=OF_CLIENT.index)))
