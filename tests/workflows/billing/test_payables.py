"""Payables, payouts and notifications of awarded vendors on the deployed stack."""

from __future__ import annotations

from typing import Any

from tests import dates
from tests.stack import Stack, eventually
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently


def create_awarded_charter(bidding: BiddingOrganization, name: str, price: float) -> tuple[str, dict[str, Any]]:
    """Create a charter with an accepted bid; returns its id and the vendor's payable."""
    vendor_id, trip = bidding.create_vendor(name), bidding.create_booked_charter()
    bid = bidding.create_submitted_bid(trip["id"], vendor_id, price)
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})

    def list_payables() -> list[dict[str, Any]]:
        return bidding.operator.list_all("/billing/payables", vendor_id=vendor_id)

    [payable] = eventually(list_payables, 60, "no payable was created")
    return str(trip["id"]), payable


def test_award_creates_payable_paid_once_with_remittance(stack: Stack) -> None:
    bidding = BiddingOrganization.create(stack)
    _, payable = create_awarded_charter(bidding, "Premium", 1250)
    due_date = f"{dates.trip_day(30)}"
    assert (payable["amount"], payable["status"], payable["due_date"]) == (1250.0, "open", due_date)
    extra = {"vendor_id": payable["vendor_id"], "amount": 85.5, "due_date": due_date, "description": "Parking"}
    parking = bidding.operator.call("POST", "/billing/payables", extra)
    body = {"payable_ids": [payable["id"], parking["id"]], "method": "ach", "reference": "Run 12"}
    answers = run_concurrently(6, lambda _: bidding.operator.send("POST", "/billing/payouts", body))
    assert count_statuses(answers) == {201: 1, 409: 5}
    mail = stack.wait_for_mail(f"premium@{bidding.operator.slug}.example", r"^Remittance advice: \$1,335.50 paid")
    assert "Parking: $85.50" in mail["BodyText"]
    assert "Run 12" in mail["BodyText"]
    aging = bidding.operator.call("GET", "/billing/aging/payable")
    assert (aging["items"], aging["total"]["total"]) == ([], 0)


def test_cancelled_charter_voids_payable(stack: Stack) -> None:
    bidding = BiddingOrganization.create(stack)
    trip, payable = create_awarded_charter(bidding, "Premium", 1250)
    bidding.operator.call("POST", f"/charters/{trip}/cancel", {"reason": "The event is off"})

    def is_void() -> bool:
        current = bidding.operator.call("GET", f"/billing/payables/{payable['id']}")
        return bool(current["status"] == "void")

    eventually(is_void, 60, "the payable is not void")
    kinds = [each["kind"] for each in bidding.operator.list_all("/billing/ledger")]
    assert sorted(kinds) == ["cost_incurred", "cost_reversed"]


def test_released_vendor_is_notified_and_payable_voided(stack: Stack) -> None:
    bidding = BiddingOrganization.create(stack)
    trip, payable = create_awarded_charter(bidding, "Premium", 1250)
    bidding.operator.call("POST", f"/bids/{payable['bid_id']}/release", {"reason": "Your coach broke down"})
    stack.wait_for_mail(f"premium@{bidding.operator.slug}.example", "^Cancelled: trip CH-")
    bid = bidding.create_submitted_bid(trip, bidding.create_vendor("Relief"), 1400)
    bidding.operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})

    def is_replaced() -> bool:
        payables = bidding.operator.list_all("/billing/payables")
        return sorted((each["vendor_name"], each["status"]) for each in payables) == [
            ("Premium", "void"),
            ("Relief", "open"),
        ]

    eventually(is_replaced, 60, "the payables were not replaced")
    aging = bidding.operator.call("GET", "/billing/aging/payable")
    assert [(each["name"], each["total"]) for each in aging["items"]] == [("Relief", 1400)]
