"""Card payments against Stripe's sandbox: amounts, declined cards, limits, and repeated requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coachway.billing.errors import PaymentInProgress
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payments import (
    attempt_limits,
    card_payments,
    outcome_recording,
    outcome_refresh,
    pending_payments,
)
from coachway.billing.payments.model import Payment, PaymentInput, PaymentStatus
from coachway.bookings.charters import lifecycle
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.payments.builders import (
    DEPOSIT,
    STAFF,
    create_pending_payment,
    create_unrecorded_charge,
    pay_on_page,
    reload_payment,
)
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders
from tests.ledger_balances import sum_by_account


def test_process_payment_deposit_books_charter(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert (charter["response"]["status"], charter["response"]["deposit_due"]) == ("quote", DEPOSIT)
    assert charter["response"]["payment"]["url"].endswith(f"/pages/quotes/{charter['token']}")
    assert booking_builders.get_status(charter["id"]) == "quote"

    reply = organization.pay(charter_id=charter["id"])
    assert reply.status == 201, reply.text
    paid = reply.json()
    assert (paid["status"], paid["amount"], paid["card"]) == ("succeeded", DEPOSIT, "Visa ending in 4242")
    assert "payment_method_id" not in paid
    after = organization.get_charter(charter["id"])
    assert (after.status, after.amount_paid, after.accepted_by) == ("booked", 169_08, "Dana Lee")
    [charge] = sandbox.list_charges(paid["id"])
    assert (charge["amount"], charge["id"]) == (169_08, paid["stripe_payment_intent_id"])
    [entry] = organization.list_journal_entries()
    assert {line.account: line.amount for line in entry.postings} == {
        LedgerAccount.CASH: 169_08,
        LedgerAccount.DEPOSITS: -169_08,
    }
    [event] = organization.list_events("payment.succeeded")
    assert (event.data["booked"], event.data["open_balance"]) == (True, 507.22)
    assert len(organization.list_events("charter.booked")) == len(organization.list_events("quote.accepted")) == 1


def test_process_payment_repeated_without_amount_leaves_the_next_instalment(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    assert organization.pay(charter_id=charter["id"]).json()["amount"] == DEPOSIT
    again = organization.pay(charter_id=charter["id"])
    assert (again.status, again.json()["code"]) == (409, "nothing_due")
    assert organization.get_charter(charter["id"]).amount_paid == 169_08
    in_advance = organization.pay(charter_id=charter["id"], amount=507.22)
    assert (in_advance.status, in_advance.json()["amount"]) == (201, 507.22)


def test_process_payment_of_a_charter_changed_meanwhile_succeeds(
    organization: BillingOrganization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does a payment of an invoice, whose PDF is stored just after it was issued."""
    charter = organization.create_accepted_charter()
    commit, changes = store.commit, iter([True])

    def commit_after_change(caller: Caller, *ops: Any, **options: Any) -> Any:
        if any(isinstance(op, Create) and isinstance(op.record, Payment) for op in ops) and next(changes, False):
            before = organization.get_charter(charter["id"])
            commit(STAFF, Update(before, before.model_copy(update={"notes": "changed"})))
        return commit(caller, *ops, **options)

    monkeypatch.setattr(store, "commit", commit_after_change)
    assert organization.pay(charter_id=charter["id"]).status == 201


@pytest.mark.parametrize("card", ["pm_card_visa_chargeDeclined", "pm_card_chargeCustomerFail"])
def test_process_payment_declined_card_allows_another(organization: BillingOrganization, card: str) -> None:
    charter = organization.create_accepted_charter()
    reply = organization.pay(charter_id=charter["id"], card=card)
    assert (reply.status, reply.json()["code"]) == (409, "card_declined")
    assert "card_declined" in reply.json()["detail"]
    assert reply.json()["errors"][0]["field"] == "payment_method_id"
    [failed] = organization.list_payments()
    assert (failed.status, failed.failure_code) == ("failed", "card_declined")
    assert booking_builders.get_status(charter["id"]) == "quote"
    assert organization.list_journal_entries() == []
    assert len(organization.list_events("payment.failed")) == 1
    assert organization.pay(charter_id=charter["id"]).status == 201
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_many_declined_cards_on_a_link_are_limited_and_send_one_email(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    with clock.frozen(clock.now().replace(hour=13, minute=1, second=0)):
        pages = [
            pay_on_page(charter, card="pm_card_chargeCustomerFail")
            for _ in range(attempt_limits.ATTEMPTS_PER_SUBJECT + 2)
        ]
        assert [page.status for page in pages] == [409] * attempt_limits.ATTEMPTS_PER_SUBJECT + [429] * 2
        assert pages[-1].headers["Retry-After"] == str(59 * 60)
        assert "There were too many attempts. Try again in 59 min" in pages[-1].text
        client: Any = {"role": "client", "party_id": organization.client.id}
        body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
        by_client = organization.send_request("POST", "/payments/process", body, **client)
        assert (by_client.status, by_client.json()["code"]) == (429, "rate_limited")
        by_staff = organization.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail")
        assert (by_staff.status, by_staff.json()["code"]) == (409, "card_declined")
        another = organization.create_accepted_charter()
        assert pay_on_page(another, card="pm_card_chargeCustomerFail").status == 409
        failures = [event.data["notifies_client"] for event in organization.list_events("payment.failed")]
        assert failures.count(True) == 2  # one for each quote
    assert len(organization.list_payments()) == attempt_limits.ATTEMPTS_PER_SUBJECT + 2
    with clock.frozen(clock.now().replace(hour=19, minute=1)):
        assert pay_on_page(another, card="pm_card_chargeCustomerFail").status == 409
        failures = [event.data["notifies_client"] for event in organization.list_events("payment.failed")]
        assert failures.count(True) == 3


def test_attempts_during_a_pending_payment_do_not_count(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    pending = pending_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
    )
    pages = [pay_on_page(charter) for _ in range(attempt_limits.ATTEMPTS_PER_SUBJECT + 1)]
    assert {page.status for page in pages} == {409}
    failed = outcome_refresh.build_failed_outcome(pending, "card_declined", "Your card was declined.")
    outcome_recording.record_outcome(STAFF, pending.id, failed)
    assert pay_on_page(charter).status == 303


def test_staff_have_their_own_limit_of_attempts(
    organization: BillingOrganization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_limits, "ATTEMPTS_PER_STAFF_USER", 1)
    charter = organization.create_accepted_charter()
    replies = [organization.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail") for _ in range(2)]
    assert [reply.status for reply in replies] == [409, 429]
    assert pay_on_page(charter).status == 303


def test_process_payment_unknown_card_is_rejected(organization: BillingOrganization) -> None:
    reply = organization.pay(charter_id=organization.create_accepted_charter()["id"], card="pm_unknown")
    assert (reply.status, reply.json()["code"]) == (409, "card_declined")


def test_process_payment_repeated_key_charges_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    first = organization.pay(charter_id=charter["id"], key="k-1")
    again = organization.pay(charter_id=charter["id"], key="k-1")
    assert (first.status, again.status, again.json()["id"]) == (201, 201, first.json()["id"])
    assert organization.pay(charter_id=charter["id"], amount=10, key="k-1").status == 422
    assert len(organization.list_payments()) == 1
    declined = [
        organization.pay(charter_id=charter["id"], amount=10, card="pm_card_chargeCustomerFail", key="k-2")
        for _ in range(2)
    ]
    assert [reply.status for reply in declined] == [409, 409]
    assert len(organization.list_payments()) == 2


def test_record_outcome_corrects_failure_to_success(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    not_charged = outcome_refresh.build_failed_outcome(payment, "not_charged", "nothing was charged")
    assert outcome_recording.record_outcome(STAFF, payment.id, not_charged).status is PaymentStatus.FAILED
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert booking_builders.get_status(payment.subject_id) == "booked"


def test_payment_of_cancelled_charter_is_kept_as_deposit(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    charter = organization.get_charter(payment.subject_id)
    lifecycle.decline(replace(STAFF, role="client"), charter, "We found another date")
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    after = organization.get_charter(charter.id)
    assert (after.status, after.amount_paid) == ("declined", 169_08)
    [unapplied] = organization.list_events("payment.unplaced")
    assert unapplied.data["trouble"] == "The charter is declined."
    assert sum_by_account(organization.list_journal_entries())[LedgerAccount.DEPOSITS] == -169_08


def test_concurrent_payments_charge_once(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    first = pending_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
    )
    with pytest.raises(PaymentInProgress):
        pending_payments.create_pending_payment(
            STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
        )
    assert card_payments.complete_payment(STAFF, first).status is PaymentStatus.SUCCEEDED


def test_process_payment_unaccepted_quote_is_rejected(organization: BillingOrganization) -> None:
    charter = organization.create_quoted_charter()
    assert organization.pay(charter_id=charter["id"]).json()["code"] == "charter_not_payable"
    body = {"charter_id": charter["id"], "invoice_id": ids.new("ivc"), "payment_method_id": "pm_card_visa"}
    assert organization.send_request("POST", "/payments/process", body).status == 422


def test_process_payment_client_limited_to_own(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    assert organization.send_request("POST", "/payments/process", body, permissions="").status == 401
    assert organization.send_request("POST", "/payments/process", body, org_id=booking_builders.OTHER_ORG).status == 404
    assert organization.send_request("POST", "/payments/process", body, permissions="billing:read").status == 403
    other_client: Any = {"role": "client", "party_id": booking_builders.CLIENT_ID}
    owner: Any = {"role": "client", "party_id": organization.client.id}
    assert organization.send_request("POST", "/payments/process", body, **other_client).status == 404
    paid = organization.send_request("POST", "/payments/process", body, **owner)
    assert paid.status == 201
    assert organization.send_request("GET", f"/payments/{paid.json()['id']}", **owner).status == 200
    assert organization.send_request("GET", f"/payments/{paid.json()['id']}", **other_client).status == 404
    assert [
        len(organization.send_request("GET", "/payments", **claims).json()["items"]) for claims in (owner, other_client)
    ] == [1, 0]
    of_charter = organization.send_request(
        "GET", "/payments", query={"charter_id": charter["id"], "status": "succeeded"}
    )
    assert len(of_charter.json()["items"]) == 1


@pytest.mark.parametrize(("charged", "status"), [(169_08, "booked"), (169_07, "quote"), (700_00, "booked")])
def test_record_outcome_stores_charged_amount(organization: BillingOrganization, charged: int, status: str) -> None:
    payment = create_pending_payment(organization)
    no_failure: Any = {"failure_code": None, "failure_message": None}
    outcome = replace(
        outcome_refresh.build_failed_outcome(payment, "", ""), succeeded=True, amount=charged, **no_failure
    )
    assert outcome_recording.record_outcome(STAFF, payment.id, outcome).amount == charged
    charter = organization.get_charter(payment.subject_id)
    assert (charter.status, charter.amount_paid) == (status, charged)
    assert sum_by_account(organization.list_journal_entries())[LedgerAccount.CASH] == charged
