"""Collections: planned, started on the due date, retried and failed, with a fake of Stripe's charges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from coachway.billing import consumers
from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections import service as collections
from coachway.billing.collections import start_job as collection_start_job
from coachway.billing.collections import workflow as collection_workflow
from coachway.billing.collections.model import COLLECTION, Collection, derive_collection_id
from coachway.billing.payments.model import (
    OF_CLIENT,
    STRIPE_CUSTOMER,
    CardConsent,
    Payment,
    PaymentStatus,
    StripeCustomer,
)
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import ChargeOutcome
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterStatus
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


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(NOW):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    fake = FakeStripe()
    monkeypatch.setattr(stripe_client, "charge_card", fake.charge_card)
    monkeypatch.setattr(stripe_client, "find_charge", fake.find_charge)
    return fake


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


def test_collection_charges_balance_on_due_date(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    assert (get_collection(charter.id).status, get_collection(charter.id).charge_at) == ("announced", DUE)
    with clock.frozen(DUE - timedelta(seconds=1)):
        assert collection_start_job.run().started == 0
    with clock.frozen(DUE):
        assert [collection_start_job.run().started for _ in range(2)] == [1, 0]
        assert run_charge_step(charter.id).go == "over"
        assert collection_workflow.charge_saved_card(SYSTEM, derive_collection_id(charter.id)).go == "over"
    assert list(fake_stripe.charges.values()) == [BALANCE]
    assert (get_collection(charter.id).status, builders.get_charter(charter.id).amount_paid) == ("paid", CENTS)
    assert list_event_types(charter.id) == ["payment.announced", "payment.due", "payment.collected"]
    [announced, *_] = store.list_history(COLLECTION.key(org=ORG, id=derive_collection_id(charter.id)))
    assert (announced.data["amount"], announced.data["card"], announced.data["charge_on"]) == (
        BALANCE / 100,
        "Visa ending in 4242",
        "2027-02-17",
    )
    assert announced.data["link_nonce"]


def test_collection_declined_card_retries_three_times_then_fails(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    fake_stripe.responses = ["no funds"] * 4
    with clock.frozen(DUE):
        collection_start_job.run()
        steps = [run_charge_step(charter.id) for _ in range(4)]
    assert [(step.go, step.seconds) for step in steps] == [
        ("wait", 3_600),
        ("wait", 86_400),
        ("wait", 259_200),
        ("over", 1),
    ]
    collection = get_collection(charter.id)
    assert (collection.status, collection.reason, len(collection.attempts)) == ("failed", "no funds", 4)
    assert len({attempt.payment_id for attempt in collection.attempts}) == 4
    assert list_event_types(charter.id) == ["payment.announced", "payment.due", "payment.uncollected"]
    assert fake_stripe.charges == {}


def test_collection_later_attempt_succeeds(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    fake_stripe.responses = ["no funds", "no funds", "succeeded"]
    with clock.frozen(DUE):
        collection_start_job.run()
        assert [run_charge_step(charter.id).go for _ in range(3)] == ["wait", "wait", "over"]
    assert (get_collection(charter.id).status, list(fake_stripe.charges.values())) == ("paid", [BALANCE])


def test_collection_unknown_outcome_reuses_payment(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    fake_stripe.responses = ["timeout", "timeout", "succeeded"]
    with clock.frozen(DUE):
        collection_start_job.run()
        for _ in range(2):
            with pytest.raises(errors.UpstreamUnavailable):
                run_charge_step(charter.id)
        assert run_charge_step(charter.id).go == "over"
    assert len(set(fake_stripe.requested_keys)) == 1
    assert list(fake_stripe.charges.values()) == [BALANCE]


def test_collection_paid_by_client_charges_nothing(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    fake_stripe.responses = ["no funds"]
    with clock.frozen(DUE):
        collection_start_job.run()
        assert run_charge_step(charter.id).go == "wait"
        create_payment(BALANCE, charter_id=charter.id)
        assert run_charge_step(charter.id).go == "over"
    assert (get_collection(charter.id).status, fake_stripe.charges) == ("paid", {})


def test_collection_partially_paid_charges_rest(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    with clock.frozen(DUE):
        collection_start_job.run()
        create_payment(10_000, charter_id=charter.id)
        assert run_charge_step(charter.id).go == "over"
    assert list(fake_stripe.charges.values()) == [BALANCE - 10_000]


def test_collection_cancelled_charter_charges_nothing(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    before = builders.get_charter(charter.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": CharterStatus.CANCELLED})))
    with clock.frozen(DUE):
        collection_start_job.run()
        assert run_charge_step(charter.id).go == "over"
    assert fake_stripe.requested_keys == []


def test_collection_without_saved_card_fails_at_once(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    key = STRIPE_CUSTOMER.key(org=ORG, client=CLIENT_ID)
    customer = store.get(StripeCustomer, key)
    store.commit(SYSTEM, Update(customer, customer.model_copy(update={"payment_method_id": None})))
    with clock.frozen(DUE):
        collection_start_job.run()
        assert run_charge_step(charter.id).go == "over"
    assert (get_collection(charter.id).status, get_collection(charter.id).reason) == (
        "failed",
        "The client has not agreed to charges of a saved card",
    )
    assert (get_collection(charter.id).attempts, fake_stripe.requested_keys) == ([], [])


def test_collection_new_schedule_is_planned_again(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    before = builders.get_charter(charter.id)
    instalments = [before.instalments[0], before.instalments[1].model_copy(update={"due_on": date(2027, 2, 25)})]
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": instalments})))
    deliver_event("charter.modified", charter.id)
    with clock.frozen(DUE):
        assert collection_start_job.run().started == 0
    for day, counts in ((5, (1, 0)), (8, (0, 1))):
        with clock.frozen(DUE + timedelta(days=day)):
            run = collection_start_job.run()
        assert (run.announced, run.started) == counts


def issue_invoice(charter: Charter, **fields: Any) -> dict[str, Any]:
    draft = builders.send_ok("POST", "/invoices", {"charter_id": charter.id, **fields})
    invoice: dict[str, Any] = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    return invoice


def test_collection_of_invoice_is_announced_before_the_card_is_charged(fake_stripe: FakeStripe) -> None:
    save_card()
    invoice = issue_invoice(builders.create_completed_charter())
    deliver_event("invoice.issued", invoice["id"])
    collection = get_collection(invoice["id"])
    assert collection.due_on == date.fromisoformat(invoice["due_date"]) == date(2027, 1, 10)
    assert (collection.status, collection.charge_at) == ("announced", NOW + card_consent.NOTICE)
    assert fake_stripe.requested_keys == []
    with clock.frozen(NOW + card_consent.NOTICE):
        assert collection_start_job.run().started == 1
        assert run_charge_step(invoice["id"]).go == "over"
    assert builders.send_ok("GET", f"/invoices/{invoice['id']}")["status"] == "paid"
    assert list(fake_stripe.charges.values()) == [CENTS]


@pytest.mark.parametrize("has_card", [True, False])
def test_collection_of_invoice_without_consent_is_not_planned(has_card: bool) -> None:
    if has_card:
        save_card(consent=None)
    invoice = issue_invoice(builders.create_completed_charter())
    deliver_event("invoice.issued", invoice["id"])
    with pytest.raises(errors.NotFound):
        get_collection(invoice["id"])


def test_collection_of_invoice_holds_the_agreed_date(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_schedule()
    save_card()
    extra = {"description": "Waiting time", "amount": 90, "taxable": False}
    invoice = issue_invoice(charter, extras=[extra])
    assert (invoice["due_date"], invoice["status"], invoice["balance_due"]) == (
        "2027-02-17",
        "partially_paid",
        (BALANCE + 90_00) / 100,
    )
    deliver_event("invoice.issued", invoice["id"])
    with clock.frozen(ANNOUNCED - timedelta(seconds=1)):
        assert collection_start_job.run().announced == 0
    with clock.frozen(ANNOUNCED):
        assert collection_start_job.run().announced == 1
    assert get_collection(invoice["id"]).announced_amount == BALANCE + 90_00
    with clock.frozen(DUE):
        collection_start_job.run()
        assert run_charge_step(invoice["id"]).go == "over"
    assert list(fake_stripe.charges.values()) == [BALANCE + 90_00]


def test_collection_without_consent_asks_the_client_to_pay_and_tells_staff(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance(consent=None)
    assert get_collection(charter.id).announced_amount == 0
    [reminder] = store.list_history(COLLECTION.key(org=ORG, id=derive_collection_id(charter.id)))
    assert (reminder.type, reminder.data["card"], reminder.data["amount"]) == ("payment.announced", None, BALANCE / 100)
    with clock.frozen(DUE):
        assert collection_start_job.run().started == 1
        assert run_charge_step(charter.id).go == "over"
    assert (get_collection(charter.id).status, fake_stripe.requested_keys) == ("failed", [])
    assert list_event_types(charter.id)[-1] == "payment.uncollected"


def test_collection_with_consent_after_the_reminder_is_announced_first(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance(consent=None)
    save_card()
    with clock.frozen(DUE):
        run = collection_start_job.run()
        assert (run.announced, run.started) == (1, 0)
    assert get_collection(charter.id).charge_at == DUE + card_consent.NOTICE
    assert fake_stripe.requested_keys == []


def test_collection_charges_no_more_than_was_announced(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    before = builders.get_charter(charter.id)
    raised = [before.instalments[0], before.instalments[1].model_copy(update={"amount": BALANCE + 50_00})]
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": raised})))
    with clock.frozen(DUE):  # the event of the change has not arrived yet
        collection_start_job.run()
        assert run_charge_step(charter.id).go == "over"
        assert list(fake_stripe.charges.values()) == [BALANCE]
        deliver_event("payment.collected", derive_collection_id(charter.id), charter_id=charter.id)
    rest = get_collection(charter.id)
    assert (rest.status, rest.announced_amount, rest.charge_at) == ("announced", 50_00, DUE + card_consent.NOTICE)


def test_collection_of_more_than_was_announced_is_announced_again() -> None:
    charter = create_charter_with_balance()
    before = builders.get_charter(charter.id)
    raised = [before.instalments[0], before.instalments[1].model_copy(update={"amount": BALANCE + 50_00})]
    store.commit(SYSTEM, Update(before, before.model_copy(update={"instalments": raised})))
    with clock.frozen(DUE - timedelta(hours=1)):
        deliver_event("charter.modified", charter.id)
    collection = get_collection(charter.id)
    assert (collection.announced_amount, collection.charge_at) == (
        BALANCE + 50_00,
        DUE - timedelta(hours=1) + card_consent.NOTICE,
    )


def test_collection_failed_step_is_recorded_and_resumed(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    with clock.frozen(DUE):
        collection_start_job.run()
        collection_id = derive_collection_id(charter.id)
        collection_workflow.choose_next_step(SYSTEM, collection_id, execution="one", round_=1, redriven=False)
        collection_workflow.record_failure(SYSTEM, collection_id, state="ChargeCard", failure={"Error": "Upstream"})
        assert builders.get_charter(charter.id).workflow_failures["payment_collection"].state == "ChargeCard"
        assert (
            collection_workflow.choose_next_step(SYSTEM, collection_id, execution="two", round_=1, redriven=False).go
            == "over"
        )
        assert (
            collection_workflow.choose_next_step(SYSTEM, collection_id, execution="two", round_=1, redriven=True).go
            == "charge"
        )
        assert collection_workflow.charge_saved_card(SYSTEM, collection_id).go == "over"
    assert builders.get_charter(charter.id).workflow_failures == {}
    assert list(fake_stripe.charges.values()) == [BALANCE]


def test_retry_collection_failed_one_starts_again(fake_stripe: FakeStripe) -> None:
    charter = create_charter_with_balance()
    fake_stripe.responses = ["no funds"] * 4
    with clock.frozen(DUE):
        collection_start_job.run()
        for _ in range(4):
            run_charge_step(charter.id)
        collection_id = derive_collection_id(charter.id)
        retried = builders.send_ok("POST", f"/billing/collections/{collection_id}/retry")
        assert (retried["status"], retried["attempts"]) == ("announced", [])
        assert builders.send_request("POST", f"/billing/collections/{collection_id}/retry").status == 409
    with clock.frozen(DUE + card_consent.NOTICE):
        assert collection_start_job.run().started == 1
        assert (
            collection_workflow.choose_next_step(SYSTEM, collection_id, execution="two", round_=2, redriven=False).go
            == "charge"
        )
        assert collection_workflow.charge_saved_card(SYSTEM, collection_id).go == "over"
        assert builders.send_request("POST", f"/billing/collections/{collection_id}/retry").status == 409
    items = builders.send_ok("GET", "/billing/collections", query={"status": "paid"})["items"]
    assert [item["id"] for item in items] == [collection_id]
    assert builders.send_ok("GET", f"/billing/collections/{collection_id}")["number"] == charter.number
    assert count_payments(retried["client_id"]) == {PaymentStatus.SUCCEEDED: 2, PaymentStatus.FAILED: 4}


def count_payments(client_id: str) -> dict[PaymentStatus, int]:
    partition = OF_CLIENT.partition(org=ORG, client=client_id)
    return dict(Counter(payment.status for payment in query_all(Payment, partition, index=OF_CLIENT.index)))
