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
from tests.integration.billing import office, refunding
from tests.integration.billing.refunding import SYSTEM, Till, asked, balance_of_client, balances, cancelled, paid, run
from tests.integration.billing.refunding import told as heard
from tests.integration.bookings import asking
from tests.integration.bookings.asking import CLIENT_ID, ORG, STAFF

STARTS = datetime(2027, 3, 3, 14, tzinfo=UTC)
CENTS = 72_650
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        office.found("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def till(monkeypatch: pytest.MonkeyPatch) -> Till:
    return refunding.installed(monkeypatch)


def called_off(charter_id: str, *, left: timedelta = 96 * HOUR, by: str = "client") -> None:
    """Cancelled so long before it starts, and settled."""
    with clock.frozen(STARTS - left):
        lifecycle.cancel(STAFF, charter_id, CancelInput(reason="Off", initiated_by=by), preview=False)
        cancelled(charter_id)


def given() -> list[Refund]:
    """All refunds that there are, when the trip would have started."""
    with clock.frozen(STARTS):
        return refunds.listed(SYSTEM, RefundQuery()).items


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
def test_the_tiers_say_what_goes_back_and_the_rest_is_earned(till: Till, left: timedelta, by: str, back: int) -> None:
    trip = office.booked()
    paid(CENTS, charter_id=trip.id)
    with clock.frozen(STARTS - left):
        shown = lifecycle.cancel(STAFF, trip.id, CancelInput(initiated_by=by), preview=True)
    assert (shown.amount_paid, shown.refund, shown.preview) == (CENTS, back, True)
    called_off(trip.id, left=left, by=by)
    with clock.frozen(STARTS - left):
        made = given()
        assert sum(each.amount for each in made) == back
        for each in made:
            if each.needs_approval:
                refunds.approve(SYSTEM, each.id, "", None)
            assert run(each.id) == "over"
        kept = CENTS - back
        expected = {"cash": kept, "revenue": -kept} if kept else {}
        assert balances() == expected
    assert (till.total, office.charter(trip.id).amount_paid) == (back, kept)


def test_a_cancellation_that_is_heard_of_twice_gives_back_once() -> None:
    trip = office.booked()
    paid(CENTS, charter_id=trip.id)
    called_off(trip.id)
    with pytest.raises(AlreadyConsumed):
        cancelled(trip.id)
    assert len(given()) == 1


def test_a_trip_that_nothing_was_paid_for_gives_nothing_back() -> None:
    trip = office.booked()
    called_off(trip.id)
    assert (given(), balances()) == ([], {})


def test_the_newest_payment_goes_back_first() -> None:
    trip = office.booked()
    first = paid(20_000, charter_id=trip.id)
    with clock.frozen(datetime(2027, 2, 1, tzinfo=UTC)):
        second = paid(52_650, charter_id=trip.id)
    called_off(trip.id, left=48 * HOUR)
    assert {each.payment_id: each.amount for each in given()} == {second: 52_650, first: 1_838}
    assert {each.needs_approval for each in given()} == {True}, "together they are over the threshold"


def test_what_is_promised_already_is_not_promised_again(till: Till) -> None:
    trip = office.booked()
    pay = paid(CENTS, charter_id=trip.id)
    earlier = asked(pay, 100)
    called_off(trip.id)
    [made] = [each for each in given() if each.id != earlier["id"]]
    assert made.amount == CENTS - 10_000
    with clock.frozen(STARTS):
        refunds.approve(SYSTEM, made.id, "", None)
        assert [run(each) for each in (earlier["id"], made.id)] == ["over", "over"]
        assert balances() == {}
    assert till.total == CENTS


def test_an_invoice_that_is_paid_in_part_is_not_owed_any_more(till: Till) -> None:
    trip = office.booked()
    paid(20_000, charter_id=trip.id)
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    paid(30_000, invoice_id=invoice["id"])
    called_off(trip.id, left=24 * HOUR)
    known = office.done("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["balance_due"], known["number"]) == ("void", 0, invoice["number"])
    with clock.frozen(STARTS):
        assert balances() == {"cash": 50_000, "customer_deposits": -25_000, "revenue": -25_000}
        [made] = given()
        assert run(made.id) == "over"
        assert balances() == {"cash": 25_000, "revenue": -25_000}
        assert balance_of_client() == 0
    assert (till.total, office.charter(trip.id).invoice_id, office.owes()) == (25_000, None, (0, 0))


def test_what_was_given_back_on_the_invoice_before_is_not_given_back_again(till: Till) -> None:
    trip = office.booked()
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    pay = paid(CENTS, invoice_id=invoice["id"])
    assert run(asked(pay, 126.5)["id"]) == "over"
    called_off(trip.id)
    with clock.frozen(STARTS):
        [made] = [each for each in given() if each.cause == "cancellation"]
        assert made.amount == 60_000
        refunds.approve(SYSTEM, made.id, "", None)
        assert run(made.id) == "over"
        assert (balances(), balance_of_client()) == ({}, 0)
    assert till.total == CENTS


def test_an_unpaid_invoice_of_a_client_with_terms_is_not_owed_any_more() -> None:
    before = clients.get(STAFF, CLIENT_ID)
    after = before.model_copy(update={"payment_terms": PaymentTerms("net_30")})
    store.commit(STAFF, Update(before, after))
    trip = office.booked()
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    office.done("POST", f"/invoices/{draft['id']}/issue")
    assert office.owes() == (CENTS, 0)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        assert (given(), balances(), office.owes()) == ([], {}, (0, 0))


def test_some_of_what_was_kept_can_be_given_back_after_all(till: Till) -> None:
    trip = office.booked()
    pay = paid(CENTS, charter_id=trip.id)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        assert run(asked(pay, 100)["id"]) == "over"
        assert balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    assert office.charter(trip.id).amount_paid == 62_650


def test_what_comes_after_the_cancellation_is_the_clients_and_goes_back_wholly(till: Till) -> None:
    trip = office.booked()
    paid(CENTS, charter_id=trip.id)
    called_off(trip.id, left=HOUR)
    with clock.frozen(STARTS):
        late = paid(10_000, charter_id=trip.id)
        assert balances()["customer_deposits"] == -10_000
        assert run(asked(late, None)["id"]) == "over"
        assert balances() == {"cash": CENTS, "revenue": -CENTS}
    assert till.total == 10_000


def test_what_was_paid_for_a_quote_that_came_to_nothing_goes_back(till: Till) -> None:
    trip = asking.quoted(miles=150)["id"]
    paid(5_000, charter_id=trip)
    asking.moved(trip, "declined")
    heard(CHARTER.key(org=ORG, id=trip), "quote.declined", trip)
    [made] = given()
    assert (made.amount, made.reason.endswith("was declined")) == (5_000, True)
    assert run(made.id) == "over"
    assert (till.total, balances()) == (5_000, {})
