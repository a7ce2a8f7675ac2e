"""The refund and the fee of a cancelled charter, by the cancellation policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from coachway.billing.errors import RefundSelfApproval
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import Refund, RefundQuery
from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import CHARTER
from coachway.bookings.charters.status_schemas import CancelInput
from coachway.clients import service as clients
from coachway.clients.rules import PaymentTerms
from coachway.core import store
from coachway.core.persistence.operations import AlreadyConsumed, Update
from coachway.core.runtime import clock
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import MANAGER
from tests.integration.billing.refund_builders import (
    SYSTEM,
    FakeStripe,
    create_payment,
    create_refund,
    deliver_cancellation,
    deliver_event,
    get_account_balances,
    get_client_balance,
    run_workflow,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF

DEPARTURE = datetime(2027, 3, 3, 14, tzinfo=UTC)
CENTS = 72_650
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    return refund_builders.install_fake_stripe(monkeypatch)


def cancel_charter(charter_id: str, *, notice: timedelta = 96 * HOUR, initiated_by: str = "client") -> int:
    """Cancel a charter this long before its departure, and settle it. Returns the refund that a preview has shown."""
    body = CancelInput(reason="Off", initiated_by=initiated_by)
    with clock.frozen(DEPARTURE - notice):
        preview, cancellation = (
            lifecycle.cancel(STAFF, charter_id, body, preview=is_preview, find_refundable_amount=find_refundable_amount)
            for is_preview in (True, False)
        )
        deliver_cancellation(charter_id)
    assert cancellation.model_copy(update={"preview": True}) == preview
    refunded = sum(refund.amount for refund in list_refunds() if refund.cause == "cancellation")
    assert refunded == preview.refund
    return preview.refund


def list_refunds() -> list[Refund]:
    """List all refunds at the time of departure."""
    with clock.frozen(DEPARTURE):
        return refunds.list_refunds(SYSTEM, RefundQuery()).items


@pytest.mark.parametrize(
    ("notice", "initiated_by", "refund_total"),
    [
        (72 * HOUR, "client", 72_650),
        (72 * HOUR - timedelta(milliseconds=999), "client", 72_650),
        (72 * HOUR - timedelta(seconds=1), "client", 54_488),
        (48 * HOUR, "client", 54_488),
        (48 * HOUR - timedelta(seconds=1), "client", 36_325),
        (24 * HOUR, "client", 36_325),
        (24 * HOUR - timedelta(seconds=1), "client", 0),
        (timedelta(seconds=1), "client", 0),
        (timedelta(seconds=1), "operator", 72_650),
    ],
)
def test_cancellation_refunds_by_policy_and_keeps_fee(
    fake_stripe: FakeStripe, notice: timedelta, initiated_by: str, refund_total: int
) -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    with clock.frozen(DEPARTURE - notice):
        preview = lifecycle.cancel(
            STAFF,
            trip.id,
            CancelInput(initiated_by=initiated_by),
            preview=True,
            find_refundable_amount=find_refundable_amount,
        )
    assert (preview.amount_paid, preview.refund, preview.preview) == (CENTS, refund_total, True)
    cancel_charter(trip.id, notice=notice, initiated_by=initiated_by)
    with clock.frozen(DEPARTURE - notice):
        charter_refunds = list_refunds()
        assert sum(refund.amount for refund in charter_refunds) == refund_total
        for refund in charter_refunds:
            if refund.needs_approval:
                refunds.approve_refund(SYSTEM, refund.id, "", None)
            assert run_workflow(refund.id) == "over"
        fee = CENTS - refund_total
        expected = {"cash": fee, "revenue": -fee} if fee else {}
        assert get_account_balances() == expected
    assert (fake_stripe.total, builders.get_charter(trip.id).amount_paid) == (refund_total, fee)


def test_cancellation_refund_needs_approval_of_another_person() -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    cancel_charter(trip.id)
    [refund] = list_refunds()
    assert (refund.needs_approval, refund.requested_by) == (True, STAFF.user_id)
    with clock.frozen(DEPARTURE):
        with pytest.raises(RefundSelfApproval):
            refunds.approve_refund(MANAGER, refund.id, "", None)
        assert refunds.approve_refund(refund_builders.APPROVER, refund.id, "", None).status == "pending"


def test_cancellation_repeated_event_refunds_once() -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    cancel_charter(trip.id)
    with pytest.raises(AlreadyConsumed):
        deliver_cancellation(trip.id)
    assert len(list_refunds()) == 1


def test_cancellation_unpaid_charter_refunds_nothing() -> None:
    trip = builders.create_booked_charter()
    cancel_charter(trip.id)
    assert (list_refunds(), get_account_balances()) == ([], {})


def test_cancellation_refunds_newest_payment_first() -> None:
    trip = builders.create_booked_charter()
    first = create_payment(20_000, charter_id=trip.id)
    with clock.frozen(datetime(2027, 2, 1, tzinfo=UTC)):
        second = create_payment(52_650, charter_id=trip.id)
    cancel_charter(trip.id, notice=48 * HOUR)
    assert {refund.payment_id: refund.amount for refund in list_refunds()} == {second: 52_650, first: 1_838}
    assert {refund.needs_approval for refund in list_refunds()} == {True}, "the threshold applies to their sum"


def test_cancellation_excludes_amounts_on_hold(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    payment_id = create_payment(CENTS, charter_id=trip.id)
    earlier_refund = create_refund(payment_id, 100)
    cancel_charter(trip.id)
    [refund] = [refund for refund in list_refunds() if refund.id != earlier_refund["id"]]
    assert refund.amount == CENTS - 10_000
    with clock.frozen(DEPARTURE):
        refunds.approve_refund(SYSTEM, refund.id, "", None)
        assert [run_workflow(refund_id) for refund_id in (earlier_refund["id"], refund.id)] == ["over", "over"]
        assert get_account_balances() == {}
    assert fake_stripe.total == CENTS


def test_cancellation_voids_partially_paid_invoice(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    create_payment(20_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    create_payment(30_000, invoice_id=invoice["id"])
    cancel_charter(trip.id, notice=24 * HOUR)
    invoice_after = builders.send_ok("GET", f"/invoices/{invoice['id']}")
    assert (invoice_after["status"], invoice_after["balance_due"], invoice_after["number"]) == (
        "void",
        0,
        invoice["number"],
    )
    with clock.frozen(DEPARTURE):
        assert get_account_balances() == {"cash": 50_000, "customer_deposits": -25_000, "revenue": -25_000}
        [refund] = list_refunds()
        assert run_workflow(refund.id) == "over"
        assert get_account_balances() == {"cash": 25_000, "revenue": -25_000}
        assert get_client_balance() == 0
    assert (fake_stripe.total, builders.get_charter(trip.id).invoice_id, builders.get_credit()) == (
        25_000,
        None,
        (0, 0),
    )


def test_cancellation_excludes_earlier_invoice_refunds(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    payment_id = create_payment(CENTS, invoice_id=invoice["id"])
    assert run_workflow(create_refund(payment_id, 126.5)["id"]) == "over"
    cancel_charter(trip.id)
    with clock.frozen(DEPARTURE):
        [refund] = [refund for refund in list_refunds() if refund.cause == "cancellation"]
        assert refund.amount == 60_000
        refunds.approve_refund(SYSTEM, refund.id, "", None)
        assert run_workflow(refund.id) == "over"
        assert (get_account_balances(), get_client_balance()) == ({}, 0)
    assert fake_stripe.total == CENTS


def test_cancellation_voids_unpaid_invoice_of_client_with_terms() -> None:
    before = clients.get_client(STAFF, CLIENT_ID)
    after = before.model_copy(update={"payment_terms": PaymentTerms("net_30")})
    store.commit(STAFF, Update(before, after))
    trip = builders.create_booked_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert builders.get_credit() == (CENTS, 0)
    cancel_charter(trip.id, notice=HOUR)
    with clock.frozen(DEPARTURE):
        assert (list_refunds(), get_account_balances(), builders.get_credit()) == ([], {}, (0, 0))


def test_refund_of_cancellation_fee_succeeds(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    payment_id = create_payment(CENTS, charter_id=trip.id)
    cancel_charter(trip.id, notice=HOUR)
    with clock.frozen(DEPARTURE):
        assert run_workflow(create_refund(payment_id, 100)["id"]) == "over"
        assert get_account_balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    assert builders.get_charter(trip.id).amount_paid == 62_650


def test_payment_after_cancellation_is_refunded_in_full(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    cancel_charter(trip.id, notice=HOUR)
    with clock.frozen(DEPARTURE):
        late_payment_id = create_payment(10_000, charter_id=trip.id)
        assert get_account_balances()["customer_deposits"] == -10_000
        assert run_workflow(create_refund(late_payment_id, None)["id"]) == "over"
        assert get_account_balances() == {"cash": CENTS, "revenue": -CENTS}
    assert fake_stripe.total == 10_000


def test_expired_quote_refunds_payments(fake_stripe: FakeStripe) -> None:
    trip = booking_builders.create_charter(miles=150)["id"]
    create_payment(5_000, charter_id=trip)
    booking_builders.set_status(trip, "declined")
    deliver_event(CHARTER.key(org=ORG, id=trip), "quote.declined", trip)
    [refund] = list_refunds()
    assert (refund.amount, refund.reason.endswith("was declined")) == (5_000, True)
    assert run_workflow(refund.id) == "over"
    assert (fake_stripe.total, get_account_balances()) == (5_000, {})
