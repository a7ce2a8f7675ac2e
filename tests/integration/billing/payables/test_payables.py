"""Payables to vendors, from the award of a bid to the payout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from coachway.bids.model.bid import BID
from coachway.bids.requests import consumers as request_consumers
from coachway.billing import consumers
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payables import award_consumer, due_job
from coachway.billing.payables.model import PAYABLE, PAYOUT, Payable
from coachway.bookings.charters.model import CHARTER
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.runtime import clock
from coachway.identity import organization_queries
from tests.integration.bids import builders as bid_builders
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("billing", "payables_api").api
SYSTEM = Caller.system("billing", ORG)


@pytest.fixture(autouse=True)
def organization() -> None:
    bid_builders.create_organizations()


def send_request(method: str, path: str, body: Any = None, *, vendor_id: str = "", **options: Any) -> Reply:
    """Send a request to the payables API, as a manager or as a user of a vendor."""
    token = token_for("billing:read billing:write", role="manager")
    if vendor_id:
        token = token_for("billing:read", role="vendor", party_id=vendor_id, user_id=f"usr_{vendor_id[4:]}")
    return call(api, method, f"/api/v1/billing{path}", body, token=token, **options)


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send a request that must succeed. Return the body of the response."""
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def build_delivery(key: Any, event_type: str, aggregate_id: str) -> Delivery:
    """Build the delivery of the newest event of a type."""
    event = [event for event in store.list_history(key) if event.type == event_type][-1].model_dump(mode="json")
    return Delivery(
        event_id=event["event_id"],
        type=event_type,
        org_id=ORG,
        aggregate_id=aggregate_id,
        correlation_id="c",
        data=event["data"],
    )


def award_charter(price: float = 1250, name: str = "Premium Coach Lines") -> tuple[dict[str, Any], str, Delivery]:
    """Award a charter to a vendor. Return the charter, the id of the vendor, and the event of the award."""
    charter = bid_builders.create_booked_charter()
    vendor_id = bid_builders.create_vendor(name, primary_email=f"{name.split(maxsplit=1)[0].lower()}@vendor.example")
    bid = bid_builders.create_submitted_bid(charter["id"], vendor_id, price)
    bid_builders.send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    return charter, vendor_id, build_delivery(BID.key(org=ORG, id=bid["id"]), "bid.accepted", bid["id"])


def create_award_payable(price: float = 1250, name: str = "Premium Coach Lines") -> dict[str, Any]:
    """Award a charter to a vendor. Return the payable of the award."""
    _, vendor_id, event = award_charter(price, name)
    consumers.CONSUMERS["bid.accepted"](SYSTEM, event)
    [payable] = send_ok("GET", "/payables", query={"vendor_id": vendor_id})["items"]
    return dict(payable)


def get_balances() -> dict[str, int]:
    """Return the balance of each account in cents, without zeros."""
    today = clock.now().date()
    balances: dict[str, int] = {}
    for entry in journal.iter_entries(ORG, today - timedelta(days=2), today + timedelta(days=2)):
        for line in entry.postings:
            balances[line.account.value] = balances.get(line.account.value, 0) + line.amount
    assert sum(balances.values()) == 0
    return {name: cents for name, cents in balances.items() if cents}


def list_event_types(key: Any) -> Sequence[str]:
    return [event.type for event in store.list_history(key)]


def test_award_creates_payable_on_payout_date() -> None:
    payable = create_award_payable(1250)
    assert (payable["amount"], payable["currency"], payable["status"]) == (1250.0, "USD", "open")
    assert payable["due_date"] == "2027-04-02"  # thirty days after the charter
    assert payable["falls_due_at"] == "2027-04-02T04:00:00Z"
    assert payable["description"].startswith("Trip CH-")
    assert get_balances() == {"cost_of_service": 125_000, "accounts_payable": -125_000}


def test_award_repeated_event_creates_one_payable() -> None:
    _, vendor_id, event = award_charter()
    award_consumer.create_payable_of_award(SYSTEM, event)
    with pytest.raises(AlreadyConsumed):
        award_consumer.create_payable_of_award(SYSTEM, event)
    assert len(send_ok("GET", "/payables", query={"vendor_id": vendor_id})["items"]) == 1
    assert get_balances()["accounts_payable"] == -125_000


def deliver_cancelled_award(bid_id: str) -> None:
    """Deliver the event of a cancelled award, twice."""
    delivery = build_delivery(BID.key(org=ORG, id=bid_id), "bid.called_off", bid_id)
    for _ in range(2):
        consumers.CONSUMERS["bid.called_off"](SYSTEM, delivery)


def cancel_charter(charter: dict[str, Any]) -> None:
    """Cancel a charter, which cancels its award."""
    booking_builders.send_request("POST", f"/charters/{charter['id']}/cancel", {"reason": "The event is off"})
    request_consumers.on_charter_cancelled(
        SYSTEM, build_delivery(CHARTER.key(org=ORG, id=charter["id"]), "charter.cancelled", charter["id"])
    )


def test_cancelled_award_voids_payable() -> None:
    charter, _, event = award_charter()
    award_consumer.create_payable_of_award(SYSTEM, event)
    cancel_charter(charter)
    deliver_cancelled_award(event.aggregate_id)
    [payable] = send_ok("GET", "/payables")["items"]
    assert (payable["status"], payable["void_reason"]) == ("void", "The charter was cancelled")
    assert get_balances() == {}
    assert list_event_types(PAYABLE.key(org=ORG, id=payable["id"])) == ["payable.created", "payable.voided"]


def test_award_event_after_cancellation_creates_nothing() -> None:
    charter, _, event = award_charter()
    cancel_charter(charter)
    deliver_cancelled_award(event.aggregate_id)
    award_consumer.create_payable_of_award(SYSTEM, event)
    assert send_ok("GET", "/payables")["items"] == []
    assert get_balances() == {}


def test_cancelled_award_keeps_paid_payable() -> None:
    charter, _, event = award_charter()
    award_consumer.create_payable_of_award(SYSTEM, event)
    [payable] = send_ok("GET", "/payables")["items"]
    send_ok("POST", f"/payables/{payable['id']}/pay", {"method": "check", "reference": "1001"})
    cancel_charter(charter)
    deliver_cancelled_award(event.aggregate_id)
    assert send_ok("GET", f"/payables/{payable['id']}")["status"] == "paid"


def test_replaced_vendor_payable_is_voided() -> None:
    charter, _, event = award_charter(1250)
    award_consumer.create_payable_of_award(SYSTEM, event)
    bid_builders.send_ok("POST", f"/bids/{event.aggregate_id}/release", {"reason": "Your coach broke down"})
    deliver_cancelled_award(event.aggregate_id)
    other_vendor_id = bid_builders.create_vendor("Relief Lines")
    second_bid_id = bid_builders.create_submitted_bid(charter["id"], other_vendor_id, 1400)["id"]
    bid_builders.send_ok("POST", f"/bids/{second_bid_id}/accept", {"decision": "accept"})
    award_consumer.create_payable_of_award(
        SYSTEM, build_delivery(BID.key(org=ORG, id=second_bid_id), "bid.accepted", second_bid_id)
    )
    payables = {payable["vendor_name"]: payable for payable in send_ok("GET", "/payables")["items"]}
    assert {name: payable["status"] for name, payable in payables.items()} == {
        "Premium Coach Lines": "void",
        "Relief Lines": "open",
    }
    assert payables["Premium Coach Lines"]["void_reason"] == "Your coach broke down"
    assert get_balances() == {"cost_of_service": 140_000, "accounts_payable": -140_000}


def test_award_event_after_release_creates_nothing() -> None:
    _, _, event = award_charter()
    bid_builders.send_ok("POST", f"/bids/{event.aggregate_id}/release", {"reason": "Your coach broke down"})
    award_consumer.create_payable_of_award(SYSTEM, event)
    assert send_ok("GET", "/payables")["items"] == []


def test_pay_payable_books_payout_and_sends_remittance() -> None:
    payable = create_award_payable(1250)
    paid = send_ok("POST", f"/payables/{payable['id']}/pay", {"method": "ach", "reference": "Run 12"})
    assert (paid["status"], paid["paid_at"] is not None) == ("paid", True)
    assert get_balances() == {"cost_of_service": 125_000, "cash": -125_000}
    [event] = store.list_history(PAYOUT.key(org=ORG, id=paid["payout_id"]))
    assert event.type == "payout.made"
    assert (event.data["vendor_email"], event.data["total"], event.data["reference"]) == (
        "premium@vendor.example",
        1250.0,
        "Run 12",
    )
    assert [line["amount"] for line in event.data["lines"]] == [1250.0]
    reply = send_request("POST", f"/payables/{payable['id']}/pay", {"method": "ach"})
    assert (reply.status, "is paid" in reply.text) == (409, True)
    assert get_balances()["cash"] == -125_000


def test_pay_payables_creates_one_payout_per_vendor() -> None:
    first, second = create_award_payable(1250, "One"), create_award_payable(900, "Two")
    extra = send_ok(
        "POST",
        "/payables",
        {"vendor_id": first["vendor_id"], "amount": 85.5, "due_date": "2027-04-02", "description": "Parking"},
    )
    payable_ids = [first["id"], second["id"], extra["id"]]
    batch = send_ok("POST", "/payouts", {"payable_ids": payable_ids, "method": "ach", "reference": "Run 12"})
    assert batch["total"] == 2235.5
    assert sorted((payout["vendor_name"], payout["total"], len(payout["lines"])) for payout in batch["items"]) == [
        ("One", 1335.5, 2),
        ("Two", 900.0, 1),
    ]
    assert get_balances() == {"cost_of_service": 223_550, "cash": -223_550}
    assert {send_ok("GET", f"/payables/{payable_id}")["status"] for payable_id in payable_ids} == {"paid"}
    months = [f"{clock.now():%Y-%m}"]
    month = journal.load_monthly_totals(ORG, months)[months[0]]
    assert month[LedgerAccount.CASH].balance == -223_550
    assert sum(totals.balance for totals in month.values()) == 0


def test_pay_payables_pays_all_or_none() -> None:
    first, second = create_award_payable(1250, "One"), create_award_payable(900, "Two")
    send_ok("POST", f"/payables/{second['id']}/pay", {"method": "cash"})
    reply = send_request("POST", "/payouts", {"payable_ids": [first["id"], second["id"]], "method": "ach"})
    assert (reply.status, second["id"] in reply.text) == (409, True)
    assert send_ok("GET", f"/payables/{first['id']}")["status"] == "open"
    unknown = "pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    assert send_request("POST", "/payouts", {"payable_ids": [first["id"], unknown], "method": "ach"}).status == 422


def test_list_payables_vendor_sees_own() -> None:
    first, second = create_award_payable(1250, "One"), create_award_payable(900, "Two")
    own_payables = send_ok("GET", "/payables", vendor_id=first["vendor_id"])["items"]
    assert [payable["id"] for payable in own_payables] == [first["id"]]
    assert send_request("GET", f"/payables/{second['id']}", vendor_id=first["vendor_id"]).status == 404
    assert (
        send_request("GET", "/payables", vendor_id=first["vendor_id"], query={"vendor_id": second["vendor_id"]}).status
        == 404
    )
    assert send_request("GET", "/aging/payable", vendor_id=first["vendor_id"]).status == 403
    paid = send_ok("POST", f"/payables/{second['id']}/pay", {"method": "ach"})
    assert send_request("GET", f"/payouts/{paid['payout_id']}", vendor_id=first["vendor_id"]).status == 404
    assert send_ok("GET", f"/payouts/{paid['payout_id']}", vendor_id=second["vendor_id"])["total"] == 900.0


def test_due_job_marks_payable_on_due_date() -> None:
    payable = create_award_payable(1250)
    key = PAYABLE.key(org=ORG, id=payable["id"])
    due = store.get(Payable, key).falls_due_at
    with clock.frozen(due - timedelta(seconds=1)):
        assert due_job.run().due == 0
    with clock.frozen(due):
        assert due_job.run().due == 1
        assert due_job.run().due == 0
    assert list_event_types(key) == ["payable.created", "payable.due"]
    assert store.get(Payable, key).status == "due"


def test_create_payable_past_due_date_is_due() -> None:
    vendor_id = bid_builders.create_vendor()
    body = {"vendor_id": vendor_id, "amount": 85.5, "due_date": "2020-01-01", "description": "Parking"}
    payable = send_ok("POST", "/payables", body)
    assert payable["status"] == "due"
    assert list_event_types(PAYABLE.key(org=ORG, id=payable["id"])) == ["payable.created", "payable.due"]


def test_list_payables_due_to_sorts_by_due_date() -> None:
    vendor_id = bid_builders.create_vendor()
    for day in ("2027-05-01", "2027-03-01", "2027-04-01"):
        send_ok("POST", "/payables", {"vendor_id": vendor_id, "amount": 10, "due_date": day, "description": day})
    items = send_ok("GET", "/payables", query={"due_to": "2027-04-15"})["items"]
    assert [item["due_date"] for item in items] == ["2027-03-01", "2027-04-01"]
    creation_times = [payable["created_at"] for payable in send_ok("GET", "/payables")["items"]]
    assert all(later >= earlier for later, earlier in pairwise(creation_times))


def test_payables_aging_equals_ledger() -> None:
    today = journal.local_date(organization_queries.get_organization(ORG))
    vendor_id = bid_builders.create_vendor("Old", primary_email="old@vendor.example")
    for days, amount in ((0, 10), (1, 20), (30, 1), (31, 40), (61, 80), (90, 1), (91, 160)):
        day = today - timedelta(days=days)
        body = {"vendor_id": vendor_id, "amount": amount, "due_date": f"{day}", "description": f"{days} days"}
        payable = send_ok("POST", "/payables", body)
    send_ok("POST", f"/payables/{payable['id']}/void", {"reason": "Entered twice"})
    report = send_ok("GET", "/aging/payable")
    assert report["as_of"] == f"{today}"
    [party] = report["items"]
    expected = {"current": 10, "days_1_30": 21, "days_31_60": 40, "days_61_90": 81, "over_90": 0, "total": 152}
    assert {name: party[name] for name in expected} == expected
    assert report["total"] == {name: float(value) for name, value in expected.items()}
    assert get_balances()["accounts_payable"] == -15_200


def test_create_payable_rejects_unknown_vendor_or_charter() -> None:
    body = {"vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "amount": 1, "due_date": f"{date(2027, 1, 1)}"}
    reply = send_request("POST", "/payables", {**body, "description": "Parking"})
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "vendor_id")
    body |= {
        "vendor_id": bid_builders.create_vendor(),
        "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        "description": "Parking",
    }
    reply = send_request("POST", "/payables", body)
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "charter_id")


def test_combine_consumers_calls_all_and_raises_first_failure() -> None:
    consumed: list[str] = []

    def consume(_: Caller, delivery: Delivery) -> None:
        consumed.append(delivery.type)

    def fail(_: Caller, delivery: Delivery) -> None:
        raise errors.UpstreamUnavailable("no response")

    def reject_repeated(_: Caller, delivery: Delivery) -> None:
        raise AlreadyConsumed("processed before")

    event = Delivery(event_id="e", type="x", org_id=ORG, aggregate_id="a", correlation_id="c", data={})
    consumers.combine_consumers({"x": reject_repeated}, {"x": consume})["x"](SYSTEM, event)
    with pytest.raises(errors.UpstreamUnavailable):
        consumers.combine_consumers({"x": fail}, {"x": consume})["x"](SYSTEM, event)
    with pytest.raises(AlreadyConsumed):
        consumers.combine_consumers({"x": reject_repeated}, {"x": reject_repeated})["x"](SYSTEM, event)
    assert consumed == ["x", "x"]
