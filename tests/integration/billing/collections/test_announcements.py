"""Announcements of collections: what is charged was announced to a client who has agreed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coachway.billing.collections import service as collections
from coachway.billing.collections import start_job as collection_start_job
from coachway.billing.collections.model import COLLECTION, derive_collection_id
from coachway.billing.stripe import client as stripe_client
from coachway.core import errors, store
from coachway.core.documents import card_consent
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.collections.builders import (
    ANNOUNCED,
    BALANCE,
    CENTS,
    DUE,
    NOW,
    FakeStripe,
    create_charter_with_balance,
    create_charter_with_schedule,
    deliver_event,
    get_collection,
    issue_invoice,
    list_event_types,
    run_charge_step,
    save_card,
)
from tests.integration.billing.refund_builders import SYSTEM
from tests.integration.bookings.builders import CLIENT_ID, ORG


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


def test_remove_saved_card_announces_the_payment_again_without_it(
    fake_stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_client, "detach_payment_method", lambda _payment_method_id: None)
    save_card()
    invoice = issue_invoice(builders.create_completed_charter())
    deliver_event("invoice.issued", invoice["id"])
    for _ in range(2):
        collections.remove_saved_card(SYSTEM, CLIENT_ID)
    collection = get_collection(invoice["id"])
    assert (collection.status, collection.announced_amount) == ("announced", 0)
    history = store.list_history(COLLECTION.key(org=ORG, id=collection.id))
    announced = [event.data for event in history if event.type == "payment.announced"]
    assert [(data["card"] is None, data["amount"]) for data in announced] == [(False, CENTS / 100), (True, CENTS / 100)]
    assert fake_stripe.requested_keys == []


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
