"""What vendors are owed, from the award to the remittance, on the table in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from coachway.bids.model import BID
from coachway.bids.requests import consumers as request_consumers
from coachway.billing import consumers
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import Account
from coachway.billing.payables import award_consumer, due_job
from coachway.billing.payables.model import PAYABLE, PAYOUT, Payable
from coachway.bookings.charters.model import CHARTER
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.runtime import clock
from coachway.identity import organization_queries
from tests.entries import load
from tests.integration.bids import office
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for

api = load("billing", "payables_api").api
SYSTEM = Caller.system("billing", ORG)


@pytest.fixture(autouse=True)
def organization() -> None:
    office.found()


def ask(method: str, path: str, body: Any = None, *, vendor: str = "", **more: Any) -> Reply:
    """A request to billing as a manager, or as somebody of a vendor."""
    token = token_for("billing:read billing:write", role="manager")
    if vendor:
        token = token_for("billing:read", role="vendor", party_id=vendor, user_id=f"usr_{vendor[4:]}")
    return call(api, method, f"/api/v1/billing{path}", body, token=token, **more)


def done(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    reply = ask(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def delivered(key: Any, kind: str, aggregate_id: str) -> Delivery:
    """The newest event of a type of an aggregate, as it comes off the bus."""
    event = [each for each in store.history(key) if each.type == kind][-1]
    said = event.model_dump(mode="json")
    return Delivery(
        event_id=said["event_id"],
        type=kind,
        org_id=ORG,
        aggregate_id=aggregate_id,
        correlation_id="c",
        data=said["data"],
    )


def awarded(price: float = 1250, name: str = "Premium Coach Lines") -> tuple[dict[str, Any], str, Delivery]:
    """A charter, the vendor that it was awarded to, and the event that says so."""
    trip, vendor = (
        office.booked(),
        office.vendor(name, primary_email=f"{name.split(maxsplit=1)[0].lower()}@vendor.example"),
    )
    bid = office.bid(trip["id"], vendor, price)
    office.done("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    return trip, vendor, delivered(BID.key(org=ORG, id=bid["id"]), "bid.accepted", bid["id"])


def owed(price: float = 1250, name: str = "Premium Coach Lines") -> dict[str, Any]:
    """The payable of an award."""
    _, vendor, event = awarded(price, name)
    consumers.CONSUMERS["bid.accepted"](SYSTEM, event)
    [found] = done("GET", "/payables", query={"vendor_id": vendor})["items"]
    return dict(found)


def balances() -> dict[str, int]:
    """What each account of the ledger adds up to, in cents."""
    today = clock.now().date()
    found: dict[str, int] = {}
    for entry in journal.iter_entries(ORG, today - timedelta(days=2), today + timedelta(days=2)):
        for line in entry.postings:
            found[line.account.value] = found.get(line.account.value, 0) + line.amount
    assert sum(found.values()) == 0
    return {name: cents for name, cents in found.items() if cents}


def events_of(key: Any) -> Sequence[str]:
    return [each.type for each in store.history(key)]


def test_award_creates_payable_on_payout_date() -> None:
    payable = owed(1250)
    assert (payable["amount"], payable["currency"], payable["status"]) == (1250.0, "USD", "open")
    assert payable["due_date"] == "2027-04-02"  # thirty days after the trip
    assert payable["falls_due_at"] == "2027-04-02T04:00:00Z"
    assert payable["description"].startswith("Trip CH-")
    assert balances() == {"cost_of_service": 125_000, "accounts_payable": -125_000}


def test_award_repeated_event_creates_one_payable() -> None:
    _, vendor, event = awarded()
    award_consumer.create_payable_of_award(SYSTEM, event)
    with pytest.raises(AlreadyConsumed):
        award_consumer.create_payable_of_award(SYSTEM, event)
    assert len(done("GET", "/payables", query={"vendor_id": vendor})["items"]) == 1
    assert balances()["accounts_payable"] == -125_000


def called_off(bid_id: str) -> None:
    """Billing hears, twice, that who had won need not come."""
    off = delivered(BID.key(org=ORG, id=bid_id), "bid.called_off", bid_id)
    for _ in range(2):
        consumers.CONSUMERS["bid.called_off"](SYSTEM, off)


def cancelled(trip: dict[str, Any]) -> None:
    """A charter is cancelled, and bidding has heard of it."""
    booking_builders.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "The event is off"})
    request_consumers.on_charter_cancelled(
        SYSTEM, delivered(CHARTER.key(org=ORG, id=trip["id"]), "charter.cancelled", trip["id"])
    )


def test_cancelled_award_voids_payable() -> None:
    trip, _, event = awarded()
    award_consumer.create_payable_of_award(SYSTEM, event)
    cancelled(trip)
    called_off(event.aggregate_id)
    [payable] = done("GET", "/payables")["items"]
    assert (payable["status"], payable["void_reason"]) == ("void", "The charter was cancelled")
    assert balances() == {}
    assert events_of(PAYABLE.key(org=ORG, id=payable["id"])) == ["payable.created", "payable.voided"]


def test_award_event_after_cancellation_creates_nothing() -> None:
    trip, _, event = awarded()
    cancelled(trip)
    called_off(event.aggregate_id)
    award_consumer.create_payable_of_award(SYSTEM, event)
    assert done("GET", "/payables")["items"] == []
    assert balances() == {}


def test_cancelled_award_keeps_paid_payable() -> None:
    trip, _, event = awarded()
    award_consumer.create_payable_of_award(SYSTEM, event)
    [payable] = done("GET", "/payables")["items"]
    done("POST", f"/payables/{payable['id']}/pay", {"method": "check", "reference": "1001"})
    cancelled(trip)
    called_off(event.aggregate_id)
    assert done("GET", f"/payables/{payable['id']}")["status"] == "paid"


def test_replaced_vendor_payable_is_voided() -> None:
    trip, _, event = awarded(1250)
    award_consumer.create_payable_of_award(SYSTEM, event)
    office.done("POST", f"/bids/{event.aggregate_id}/release", {"reason": "Your coach broke down"})
    called_off(event.aggregate_id)
    other = office.vendor("Relief Lines")
    second = office.bid(trip["id"], other, 1400)["id"]
    office.done("POST", f"/bids/{second}/accept", {"decision": "accept"})
    award_consumer.create_payable_of_award(SYSTEM, delivered(BID.key(org=ORG, id=second), "bid.accepted", second))
    known = {each["vendor_name"]: each for each in done("GET", "/payables")["items"]}
    assert {name: each["status"] for name, each in known.items()} == {
        "Premium Coach Lines": "void",
        "Relief Lines": "open",
    }
    assert known["Premium Coach Lines"]["void_reason"] == "Your coach broke down"
    assert balances() == {"cost_of_service": 140_000, "accounts_payable": -140_000}


def test_award_event_after_release_creates_nothing() -> None:
    _, _, event = awarded()
    office.done("POST", f"/bids/{event.aggregate_id}/release", {"reason": "Your coach broke down"})
    award_consumer.create_payable_of_award(SYSTEM, event)
    assert done("GET", "/payables")["items"] == []


def test_pay_payable_books_payout_and_sends_remittance() -> None:
    payable = owed(1250)
    paid = done("POST", f"/payables/{payable['id']}/pay", {"method": "ach", "reference": "Run 12"})
    assert (paid["status"], paid["paid_at"] is not None) == ("paid", True)
    assert balances() == {"cost_of_service": 125_000, "cash": -125_000}
    told = store.history(PAYOUT.key(org=ORG, id=paid["payout_id"]))
    assert [each.type for each in told] == ["payout.made"]
    said = told[0].data
    assert (said["vendor_email"], said["total"], said["reference"]) == ("premium@vendor.example", 1250.0, "Run 12")
    assert [line["amount"] for line in said["lines"]] == [1250.0]
    again = ask("POST", f"/payables/{payable['id']}/pay", {"method": "ach"})
    assert (again.status, "is paid" in again.text) == (409, True)
    assert balances()["cash"] == -125_000


def test_pay_together_creates_one_payout_per_vendor() -> None:
    one, two = owed(1250, "One"), owed(900, "Two")
    extra = done(
        "POST",
        "/payables",
        {"vendor_id": one["vendor_id"], "amount": 85.5, "due_date": "2027-04-02", "description": "Parking"},
    )
    ids = [one["id"], two["id"], extra["id"]]
    run = done("POST", "/payouts", {"payable_ids": ids, "method": "ach", "reference": "Run 12"})
    assert run["total"] == 2235.5
    assert sorted((each["vendor_name"], each["total"], len(each["lines"])) for each in run["items"]) == [
        ("One", 1335.5, 2),
        ("Two", 900.0, 1),
    ]
    assert balances() == {"cost_of_service": 223_550, "cash": -223_550}
    assert {done("GET", f"/payables/{each}")["status"] for each in ids} == {"paid"}
    months = [f"{clock.now():%Y-%m}"]
    month = journal.load_monthly_totals(ORG, months)[months[0]]
    assert month[Account.CASH].balance == -223_550
    assert sum(each.balance for each in month.values()) == 0


def test_pay_together_pays_all_or_none() -> None:
    one, two = owed(1250, "One"), owed(900, "Two")
    done("POST", f"/payables/{two['id']}/pay", {"method": "cash"})
    refused = ask("POST", "/payouts", {"payable_ids": [one["id"], two["id"]], "method": "ach"})
    assert (refused.status, two["id"] in refused.text) == (409, True)
    assert done("GET", f"/payables/{one['id']}")["status"] == "open"
    unknown = "pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    assert ask("POST", "/payouts", {"payable_ids": [one["id"], unknown], "method": "ach"}).status == 422


def test_list_payables_vendor_sees_own() -> None:
    one, two = owed(1250, "One"), owed(900, "Two")
    mine = done("GET", "/payables", vendor=one["vendor_id"])["items"]
    assert [each["id"] for each in mine] == [one["id"]]
    assert ask("GET", f"/payables/{two['id']}", vendor=one["vendor_id"]).status == 404
    assert ask("GET", "/payables", vendor=one["vendor_id"], query={"vendor_id": two["vendor_id"]}).status == 404
    assert ask("GET", "/aging/payable", vendor=one["vendor_id"]).status == 403
    paid = done("POST", f"/payables/{two['id']}/pay", {"method": "ach"})
    assert ask("GET", f"/payouts/{paid['payout_id']}", vendor=one["vendor_id"]).status == 404
    assert done("GET", f"/payouts/{paid['payout_id']}", vendor=two["vendor_id"])["total"] == 900.0


def test_due_job_marks_payable_on_due_date() -> None:
    payable = owed(1250)
    key = PAYABLE.key(org=ORG, id=payable["id"])
    due = store.get(Payable, key).falls_due_at
    with clock.frozen(due - timedelta(seconds=1)):
        assert due_job.run().due == 0
    with clock.frozen(due):
        assert due_job.run().due == 1
        assert due_job.run().due == 0
    assert events_of(key) == ["payable.created", "payable.due"]
    assert store.get(Payable, key).status == "due"


def test_create_payable_past_due_date_is_due() -> None:
    vendor = office.vendor()
    body = {"vendor_id": vendor, "amount": 85.5, "due_date": "2020-01-01", "description": "Parking"}
    made = done("POST", "/payables", body)
    assert made["status"] == "due"
    assert events_of(PAYABLE.key(org=ORG, id=made["id"])) == ["payable.created", "payable.due"]


def test_list_payables_due_to_sorts_by_due_date() -> None:
    vendor = office.vendor()
    for day in ("2027-05-01", "2027-03-01", "2027-04-01"):
        done("POST", "/payables", {"vendor_id": vendor, "amount": 10, "due_date": day, "description": day})
    found = done("GET", "/payables", query={"due_to": "2027-04-15"})["items"]
    assert [each["due_date"] for each in found] == ["2027-03-01", "2027-04-01"]
    newest = [each["created_at"] for each in done("GET", "/payables")["items"]]
    assert all(later >= earlier for later, earlier in pairwise(newest))


def test_payables_aging_equals_ledger() -> None:
    today = journal.local_date(organization_queries.get(ORG))
    vendor = office.vendor("Old", primary_email="old@vendor.example")
    for days, amount in ((0, 10), (1, 20), (30, 1), (31, 40), (61, 80), (90, 1), (91, 160)):
        day = today - timedelta(days=days)
        body = {"vendor_id": vendor, "amount": amount, "due_date": f"{day}", "description": f"{days} days"}
        made = done("POST", "/payables", body)
    done("POST", f"/payables/{made['id']}/void", {"reason": "Entered twice"})
    aging = done("GET", "/aging/payable")
    assert aging["as_of"] == f"{today}"
    [party] = aging["items"]
    expected = {"current": 10, "days_1_30": 21, "days_31_60": 40, "days_61_90": 81, "over_90": 0, "total": 152}
    assert {name: party[name] for name in expected} == expected
    assert aging["total"] == {name: float(value) for name, value in expected.items()}
    assert balances()["accounts_payable"] == -15_200


def test_create_payable_rejects_unknown_vendor_or_charter() -> None:
    body = {"vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "amount": 1, "due_date": f"{date(2027, 1, 1)}"}
    refused = ask("POST", "/payables", {**body, "description": "Parking"})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "vendor_id")
    body |= {"vendor_id": office.vendor(), "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "description": "Parking"}
    refused = ask("POST", "/payables", body)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "charter_id")


def test_combine_consumers_calls_all_and_raises_first_failure() -> None:
    heard: list[str] = []

    def glad(_: Caller, delivery: Delivery) -> None:
        heard.append(delivery.type)

    def sad(_: Caller, delivery: Delivery) -> None:
        raise errors.UpstreamUnavailable("no")

    def done_before(_: Caller, delivery: Delivery) -> None:
        raise AlreadyConsumed("before")

    event = Delivery(event_id="e", type="x", org_id=ORG, aggregate_id="a", correlation_id="c", data={})
    both = consumers.combine_consumers({"x": done_before}, {"x": glad})["x"]
    both(SYSTEM, event)
    with pytest.raises(errors.UpstreamUnavailable):
        consumers.combine_consumers({"x": sad}, {"x": glad})["x"](SYSTEM, event)
    with pytest.raises(AlreadyConsumed):
        consumers.combine_consumers({"x": done_before}, {"x": done_before})["x"](SYSTEM, event)
    assert heard == ["x", "x"]
