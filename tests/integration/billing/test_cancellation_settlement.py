"""What a cancelled charter gives back, by the tiers, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import Refund, RefundQuery
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.lifecycle import CancelInput
from coachway.bookings.charters.model import CHARTER
from coachway.clients import service as clients
from coachway.clients.rules import PaymentTerms
from coachway.core import store
from coachway.core.persistence.operations import AlreadyConsumed, Update
from coachway.core.runtime import clock
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.refund_builders import (
    SYSTEM,
    FakeStripe,
    account_balances,
    client_balance,
    create_payment,
    create_refund,
    deliver_cancellation,
    deliver_event,
    run_workflow,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF

STARTS = datetime(2027, 3, 3, 14, tzinfo=UTC)
CENTS = 72_650
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def till(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    return refund_builders.install_fake_stripe(monkeypatch)


def called_off(charter_id: str, *, left: timedelta = 96 * HOUR, by: str = "client") -> None:
    """Cancelled so long before it starts, and settled."""
    with clock.frozen(STARTS - left):
        lifecycle.cancel(STAFF, charter_id, CancelInput(reason="Off", initiated_by=by), preview=False)
        deliver_cancellation(charter_id)


def given() -> list[Refund]:
    """All refunds that there are, when the trip would have started."""
    with clock.frozen(STARTS):
        return refunds.list_refunds(SYSTEM, RefundQuery()).items


@pytest.mark.parametrize(
    ("left", "by", "back"),
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
def test_cancellation_refunds_by_policy_and_keeps_fee(till: FakeStripe, left: timedelta, by: str, back: int) -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    with clock.frozen(STARTS - left):
        shown = lifecycle.cancel(STAFF, trip.id, CancelInput(initiated_by=by), preview=True)
    assert (shown.amount_paid, shown.refund, shown.preview) == (CENTS, back, True)
    called_off(trip.id, left=left, by=by)
    with clock.frozen(STARTS - left):
        made = given()
        assert sum(each.amount for each in made) == back
        for each in made:
            if each.needs_approval:
                refunds.approve_refund(SYSTEM, each.id, "", None)
            assert run_workflow(each.id) == "over"
        kept = CENTS - back
        expected = {"cash": kept, "revenue": -kept} if kept else {}
        assert account_balances() == expected
    assert (till.total, builders.get_charter(trip.id).amount_paid) == (back, kept)


def test_cancellation_repeated_event_refunds_once() -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    called_off(trip.id)
    with pytest.raises(AlreadyConsumed):
        deliver_cancellation(trip.id)
    assert len(given()) == 1


def test_cancellation_unpaid_charter_refunds_nothing() -> None:
    trip = builders.create_booked_charter()
    called_off(trip.id)
    assert (given(), account_balances()) == ([], {})


def test_cancellation_refunds_newest_payment_first() -> None:
    trip = builders.create_booked_charter()
    first = create_payment(20_000, charter_id=trip.id)
    with clock.frozen(datetime(2027, 2, 1, tzinfo=UTC)):
        second = create_payment(52_650, charter_id=trip.id)
    called_off(trip.id, left=48 * HOUR)
    assert {each.payment_id: each.amount for each in given()} == {second: 52_650, first: 1_838}
    assert {each.needs_approval for each in given()} == {True}, "together they are over the threshold"


def test_cancellation_excludes_amounts_on_hold(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    pay = create_payment(CENTS, charter_id=trip.id)
    earlier = create_refund(pay, 100)
    called_off(trip.id)
    [made] = [each for each in given() if each.id != earlier["id"]]
    assert made.amount == CENTS - 10_000
    with clock.frozen(STARTS):
        refunds.approve_refund(SYSTEM, made.id, "", None)
        assert [run_workflow(each) for each in (earlier["id"], made.id)] == ["over", "over"]
        assert account_balances() == {}
    assert till.total == CENTS


def test_cancellation_voids_partially_paid_invoice(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    create_payment(20_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    create_payment(30_000, invoice_id=invoice["id"])
    called_off(trip.id, left=24 * HOUR)
    known = builders.send_ok("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["balance_due"], known["number"]) == ("void", 0, invoice["number"])
    with clock.frozen(STARTS):
        assert account_balances() == {"cash": 50_000, "customer_deposits": -25_000, "revenue": -25_000}
        [made] = given()
        assert run_workflow(made.id) == "over"
        assert account_balances() == {"cash": 25_000, "revenue": -25_000}
        assert client_balance() == 0
    assert (till.total, builders.get_charter(trip.id).invoice_id, builders.get_credit()) == (25_000, None, (0, 0))


def test_cancellation_excludes_earlier_invoice_refunds(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    pay = create_payment(CENTS, invoice_id=invoice["id"])
    assert run_workflow(create_refund(pay, 126.5)["id"]) == "over"
    called_off(trip.id)
    with clock.frozen(STARTS):
        [made] = [each for each in given() if each.cause == "cancellation"]
        assert made.amount == 60_000
        refunds.approve_refund(SYSTEM, made.id, "", None)
        assert run_workflow(made.id) == "over"
        assert (account_balances(), client_balance()) == ({}, 0)
    assert till.total == CENTS


def test_cancellation_voids_unpaid_invoice_of_client_with_terms() -> None:
    before = clients.get(STAFF, CLIENT_ID)
    after = before.model_copy(update={"payment_terms": PaymentTerms("net_30")})
    store.commit(STAFF, Update(before, after))
    trip = builders.create_booked_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert builders.get_credit() == (CENTS, 0)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        assert (given(), account_balances(), builders.get_credit()) == ([], {}, (0, 0))


def test_refund_of_cancellation_fee_succeeds(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    pay = create_payment(CENTS, charter_id=trip.id)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        assert run_workflow(create_refund(pay, 100)["id"]) == "over"
        assert account_balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    assert builders.get_charter(trip.id).amount_paid == 62_650


def test_payment_after_cancellation_is_refunded_in_full(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    create_payment(CENTS, charter_id=trip.id)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        late = create_payment(10_000, charter_id=trip.id)
        assert account_balances()["customer_deposits"] == -10_000
        assert run_workflow(create_refund(late, None)["id"]) == "over"
        assert account_balances() == {"cash": CENTS, "revenue": -CENTS}
    assert till.total == 10_000


def test_expired_quote_refunds_payments(till: FakeStripe) -> None:
    trip = booking_builders.create_charter(miles=150)["id"]
    create_payment(5_000, charter_id=trip)
    booking_builders.set_status(trip, "declined")
    deliver_event(CHARTER.key(org=ORG, id=trip), "quote.declined", trip)
    [made] = given()
    assert (made.amount, made.reason.endswith("was declined")) == (5_000, True)
    assert run_workflow(made.id) == "over"
    assert (till.total, account_balances()) == (5_000, {})
