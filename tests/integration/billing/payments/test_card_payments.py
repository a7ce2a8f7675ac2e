"""Card payments against Stripe's sandbox: each is charged once and recorded once, also after failures in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from coachway.billing.errors import NothingDue, PaymentInProgress
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payments import attempt_limits, card_payments, outcome_recording, stripe_customers
from coachway.billing.payments.model import PAYMENT, Payment, PaymentInput, PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe_sync import reconciliation_job
from coachway.bookings.charters import lifecycle
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.documents import card_consent
from coachway.core.persistence.operations import Create, Remove, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call, token_for
from tests.ledger_balances import sum_by_account, sum_by_client
from tools.function_modules import load

payment_pages = load("billing", "payment_pages").api
FORM = {"content-type": "application/x-www-form-urlencoded"}
STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_1", role="staff")
DEPOSIT = 169.08


@pytest.fixture
def organization(sandbox: Sandbox) -> BillingOrganization:
    return BillingOrganization.create()


def create_pending_payment(organization: BillingOrganization, **fields: Any) -> Payment:
    """Create a payment whose process stops before the charge."""
    request = PaymentInput(
        payment_method_id="pm_card_visa", charter_id=organization.create_accepted_charter()["id"], **fields
    )
    return card_payments.create_pending_payment(STAFF, request)


def create_unrecorded_charge(organization: BillingOrganization) -> Payment:
    """Create a payment whose process stops after the charge, before the outcome is recorded."""
    payment = create_pending_payment(organization)
    customer_id, payment_method_id = card_payments._prepare_card(STAFF, payment)
    assert card_payments._charge(payment, customer_id, payment_method_id).succeeded
    return reload_payment(payment)


def reload_payment(payment: Payment) -> Payment:
    return store.get(Payment, PAYMENT.key(org=payment.org_id, id=payment.id))


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


def pay_on_page(charter: dict[str, Any], *, consent: str = "", card: str = "pm_card_visa") -> Reply:
    """Submit the card form of the quote page for the deposit."""
    form = {"payment_method_id": card, "amount": "169.08", "paid": "0.00", "card_consent": consent}
    return call(
        payment_pages, "POST", f"/pages/quotes/{charter['token']}/pay", raw=urlencode(form).encode(), headers=FORM
    )


def test_card_is_kept_only_with_the_payers_consent(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter).status == 303
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert (customer.payment_method_id, customer.consent) == (None, None)
    assert sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card") == []
    [payment] = organization.list_payments()
    assert (payment.status, payment.card, payment.card_consent) == ("succeeded", "Visa ending in 4242", None)

    assert pay_on_page(organization.create_accepted_charter(), consent=card_consent.VERSION).status == 303
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert customer.consent is not None
    assert (customer.card, customer.consent.version, customer.consent.page) == (
        "Visa ending in 4242",
        card_consent.VERSION,
        "/pages/quotes",
    )
    assert "may keep this card and charge it when a payment for my trips is due" in customer.consent.text
    assert len(sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card")) == 1
    newest = organization.list_payments()[0]
    assert (newest.card_consent, customer.consent.given_at <= clock.now()) == (customer.consent, True)


def test_process_payment_charges_a_saved_card_for_the_client_only(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter, consent=card_consent.VERSION).status == 303
    by_staff = organization.pay(charter_id=charter["id"], card=None, amount=507.22)
    assert (by_staff.status, by_staff.json()["errors"][0]["field"]) == (422, "payment_method_id")
    body = {"charter_id": charter["id"], "amount": 507.22}
    client: Any = {"role": "client", "party_id": organization.client.id}
    assert organization.send_request("POST", "/payments/process", body, **client).json()["amount"] == 507.22
    assert organization.get_charter(charter["id"]).amount_paid == 676_30
    again = organization.pay(charter_id=charter["id"])
    assert (again.status, again.json()["code"]) == (409, "nothing_due")
    assert sum_by_client(organization.list_journal_entries()) == {organization.client.id: -676_30}


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


def test_remove_saved_card_withdraws_consent(organization: BillingOrganization, sandbox: Sandbox) -> None:
    assert pay_on_page(organization.create_accepted_charter(), consent=card_consent.VERSION).status == 303
    path, other_client = f"/clients/{organization.client.id}/saved-card", booking_builders.CLIENT_ID
    assert organization.send_request("DELETE", path, role="client", party_id=other_client).status == 404
    for _ in range(2):
        removed = organization.send_request("DELETE", path, role="client", party_id=organization.client.id)
        assert removed.status == 204, removed.text
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert (customer.consent, customer.payment_method_id, customer.card) == (None, None, None)
    assert sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card") == []
    assert organization.send_request("DELETE", f"/clients/{ids.new('cli')}/saved-card").status == 404


def test_get_or_create_customer_creates_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    for _ in range(2):
        assert organization.pay(charter_id=charter["id"], amount=10).status == 201
    customers = [
        customer
        for customer in sandbox.list_objects("customers")
        if customer["metadata"].get("client_id") == organization.client.id
    ]
    stored_customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert stored_customer is not None
    assert [customer["id"] for customer in customers] == [stored_customer.customer_id]


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
        by_api = organization.pay(charter_id=charter["id"])
        assert (by_api.status, by_api.json()["code"]) == (429, "rate_limited")
        another = organization.create_accepted_charter()
        assert pay_on_page(another, card="pm_card_chargeCustomerFail").status == 409
        failures = [event.data["notifies_client"] for event in organization.list_events("payment.failed")]
        assert failures.count(True) == 2  # one for each quote
    assert len(organization.list_payments()) == attempt_limits.ATTEMPTS_PER_SUBJECT + 1
    with clock.frozen(clock.now().replace(hour=19, minute=1)):
        assert pay_on_page(another, card="pm_card_chargeCustomerFail").status == 409
        failures = [event.data["notifies_client"] for event in organization.list_events("payment.failed")]
        assert failures.count(True) == 3


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


def test_process_payment_late_response_is_retried(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_after")
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.list_charges(reply.json()["id"])) == 1


def test_process_payment_two_timeouts_finds_charge(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_after", 2)
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.list_charges(reply.json()["id"])) == 1
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_process_payment_unknown_outcome_stays_pending(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_before", 2)
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "pending")
    assert organization.pay(charter_id=charter["id"]).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
    assert (result.pending, result.corrected) == (1, 1)
    [payment] = organization.list_payments()
    assert (payment.status, payment.failure_code) == ("failed", "not_charged")
    assert organization.pay(charter_id=charter["id"]).status == 201


def test_process_payment_after_a_process_that_stopped_before_stripe_waits_one_minute(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    payment = create_pending_payment(organization)
    blocked = organization.pay(charter_id=payment.subject_id).json()
    assert (blocked["code"], "in 1 minute at the latest" in blocked["detail"]) == ("payment_in_progress", True)
    with clock.frozen(payment.created_at + timedelta(seconds=61)):
        assert organization.pay(charter_id=payment.subject_id).status == 201
    assert (reload_payment(payment).status, sandbox.list_charges(payment.id)) == ("failed", [])


def test_reconciliation_settles_charge_after_crash(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    assert payment.status is PaymentStatus.PENDING
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
        assert (result.pending, result.corrected) == (1, 1)
        assert reconciliation_job.run().corrected == 0
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert booking_builders.get_status(payment.subject_id) == "booked"
    assert len(organization.list_journal_entries()) == len(organization.list_events("payment.succeeded")) == 1


def test_next_payment_settles_charge_after_crash(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    assert organization.pay(charter_id=payment.subject_id).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=3)), pytest.raises(NothingDue):
        card_payments.charge_card(STAFF, PaymentInput(charter_id=payment.subject_id, payment_method_id="pm_card_visa"))
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert len(sandbox.list_charges(payment.id)) == 1


def test_reconciliation_restores_lost_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    store.commit(STAFF, Remove(reload_payment(payment)))
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
    assert result.restored == 1
    restored = reload_payment(payment)
    assert (restored.status, restored.amount, restored.client_id) == (
        "succeeded",
        payment.amount,
        organization.client.id,
    )
    assert organization.get_charter(payment.subject_id).amount_paid == payment.amount


def test_webhook_before_response_settles_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert deliver_webhook(event).json() == {"result": "repeated"}
    assert deliver_webhook({**event, "id": "evt_another"}).json() == {"result": "processed"}
    late = card_payments.complete_payment(STAFF, payment)  # our own request, after the webhook
    assert late.status is PaymentStatus.SUCCEEDED
    assert len(sandbox.list_charges(payment.id)) == 1
    assert (
        len(organization.list_journal_entries())
        == len(organization.list_events("payment.succeeded"))
        == len(organization.list_events("charter.booked"))
        == 1
    )


def test_webhook_events_in_any_order_settle_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert organization.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail").status == 409
    [failed] = organization.list_payments()
    [declined] = sandbox.list_payment_events(failed.id)
    assert declined["type"] == webhook_events.FAILED
    assert organization.pay(charter_id=charter["id"]).status == 201
    assert deliver_webhook(declined).json() == {"result": "processed"}
    [succeeded] = [payment for payment in organization.list_payments() if payment.status is PaymentStatus.SUCCEEDED]
    [event] = sandbox.list_payment_events(succeeded.id)
    older = {**event, "id": "evt_older", "type": webhook_events.FAILED}
    assert deliver_webhook(older).json() == {"result": "processed"}
    assert reload_payment(succeeded).status is PaymentStatus.SUCCEEDED
    assert len(organization.list_events("payment.failed")) == 1


def test_webhook_rejects_bad_signature(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event, secret="another secret").status == 401
    for header in ("", "t=1,v1=abc", "malformed"):
        assert deliver_webhook(event, **{"stripe-signature": header}).status == 401
    assert reload_payment(payment).status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    "event",
    [
        {"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {"object": "customer"}}},
        {"id": "evt_2", "object": "event", "type": webhook_events.SUCCEEDED, "data": {"object": {"id": "pi_1"}}},
        {"id": "evt_3", "object": "event", "type": "unknown.event", "data": {"object": {}}},
    ],
)
def test_webhook_ignores_foreign_events(organization: BillingOrganization, event: dict[str, Any]) -> None:
    reply = deliver_webhook(event)
    assert (reply.status, reply.json()) == (200, {"result": "ignored"})


def charge_at_stripe(organization: BillingOrganization, sandbox: Sandbox, **metadata: str) -> dict[str, Any]:
    """Charge a client's card in Stripe's dashboard, and return the event."""
    assert organization.pay(charter_id=organization.create_accepted_charter()["id"]).status == 201
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    outcome = stripe_client.charge_card(
        key=ids.new("pay"),
        customer_id=customer.customer_id,
        payment_method_id="pm_card_visa",
        cents=120_50,
        currency="USD",
        metadata=metadata,
    )
    [event] = sandbox.list_events_about(outcome.payment_intent_id)
    return event


@pytest.mark.parametrize("finder", ["webhook", "reconciliation"])
def test_charge_without_payment_is_reported_to_its_organization(
    organization: BillingOrganization, sandbox: Sandbox, finder: str
) -> None:
    # The payment was lost, and its client does not exist.
    lost = {"org_id": booking_builders.ORG, "payment_id": ids.new("pay"), "client_id": ids.new("cli")}
    metadata = lost if finder == "reconciliation" else {}
    event = charge_at_stripe(organization, sandbox, **metadata)
    for _ in range(2):
        if finder == "webhook":
            assert deliver_webhook(event).json() == {"result": "processed"}
        else:
            assert reconciliation_job.run().unknown >= 1
    charge_id = event["data"]["object"]["id"]
    reported = organization.list_events("charge.unknown")
    assert [found.data["amount"] for found in reported if found.data["payment_intent_id"] == charge_id] == [120.5]
    report = call(
        load("billing", "api").api,
        "GET",
        "/api/v1/billing/reconciliation",
        query={"month": f"{clock.now():%Y-%m}"},
        token=token_for("billing:read", org_id=booking_builders.ORG, role="staff"),
    ).json()
    assert charge_id in [line["payment_intent_id"] for line in report["unknown_charges"]]
    assert not report["is_balanced"]


def test_record_outcome_corrects_failure_to_success(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    not_charged = card_payments._build_failed_outcome(payment, "not_charged", "nothing was charged")
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
    first = card_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
    )
    with pytest.raises(PaymentInProgress):
        card_payments.create_pending_payment(
            STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
        )
    assert card_payments.complete_payment(STAFF, first).status is PaymentStatus.SUCCEEDED


def test_charge_saved_card_repeated_id_charges_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter, consent=card_consent.VERSION).status == 303
    request, payment_id = PaymentInput(charter_id=charter["id"], amount=507_22), ids.new("pay")
    with pytest.raises(errors.Invalid, match="after an email has announced"):
        card_payments.charge_saved_card(STAFF, request, payment_id=payment_id, announced_cents=507_21)
    for _ in range(2):
        payment = card_payments.charge_saved_card(STAFF, request, payment_id=payment_id, announced_cents=507_22)
        assert (payment.id, payment.status, payment.amount) == (payment_id, "succeeded", 507_22)
    assert len(sandbox.list_charges(payment_id)) == 1


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


def test_process_payment_repeated_key_after_lost_charge_charges_once(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_before", 2)
    assert organization.pay(charter_id=charter["id"], key="k-1").json()["status"] == "pending"
    organization.pay(charter_id=charter["id"], key="k-1")
    [paid] = organization.list_payments()
    assert (paid.status, len(sandbox.list_charges(paid.id))) == ("succeeded", 1)


def test_complete_payment_after_key_window_does_not_charge_again(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    payment = create_pending_payment(organization)
    card_payments._prepare_card(STAFF, payment)
    with clock.frozen(clock.now() + timedelta(hours=13)):
        late = card_payments.complete_payment(STAFF, reload_payment(payment))
    assert (late.status, late.failure_code) == ("failed", "not_charged")
    assert sandbox.list_charges(payment.id) == []


def test_create_customer_changed_client_succeeds(organization: BillingOrganization) -> None:
    client_fields: Any = {
        "org_id": booking_builders.ORG,
        "client_id": organization.client.id,
        "version": organization.client.version,
    }
    stripe_client.create_customer(**client_fields, name=organization.client.name, email=organization.client.email)
    after = organization.client.model_copy(update={"email": "dana@new.example"})
    store.commit(STAFF, Update(organization.client, after))
    assert organization.pay(charter_id=organization.create_accepted_charter()["id"]).status == 201


@pytest.mark.parametrize(("charged", "status"), [(169_08, "booked"), (169_07, "quote"), (700_00, "booked")])
def test_record_outcome_stores_charged_amount(organization: BillingOrganization, charged: int, status: str) -> None:
    payment = create_pending_payment(organization)
    no_failure: Any = {"failure_code": None, "failure_message": None}
    outcome = replace(
        card_payments._build_failed_outcome(payment, "", ""), succeeded=True, amount=charged, **no_failure
    )
    assert outcome_recording.record_outcome(STAFF, payment.id, outcome).amount == charged
    charter = organization.get_charter(payment.subject_id)
    assert (charter.status, charter.amount_paid) == (status, charged)
    assert sum_by_account(organization.list_journal_entries())[LedgerAccount.CASH] == charged
