"""Collections: planned, started on the due date, retried and failed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coachway.billing.collections import start_job as collection_start_job
from coachway.billing.collections import workflow as collection_workflow
from coachway.billing.collections.model import COLLECTION, derive_collection_id
from coachway.billing.payments.model import (
    STRIPE_CUSTOMER,
    PaymentStatus,
    StripeCustomer,
)
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import errors, store
from coachway.core.documents import card_consent
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.collections.builders import (
    BALANCE,
    CENTS,
    DUE,
    FakeStripe,
    count_payments,
    create_charter_with_balance,
    deliver_event,
    get_collection,
    list_event_types,
    run_charge_step,
)
from tests.integration.billing.refund_builders import SYSTEM, create_payment
from tests.integration.bookings.builders import CLIENT_ID, ORG


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
