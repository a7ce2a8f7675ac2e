"""What an awarded vendor is owed, paid, and told, on the deployed stack."""

from __future__ import annotations

from typing import Any

from tests import dates
from tests.stack import Stack, eventually
from tests.workflows.bidding import Exchange
from tests.workflows.carrier import at_once, statuses


def awarded(exchange: Exchange, name: str, price: float) -> tuple[str, dict[str, Any]]:
    """A charter whose bid was accepted, and what its vendor is owed."""
    vendor_id, trip = exchange.vendor(name), exchange.booked()
    bid = exchange.bid(trip["id"], vendor_id, price)
    exchange.carrier.ask("POST", f"/bids/{bid}/accept", {"decision": "accept"})

    def owed() -> list[dict[str, Any]]:
        return exchange.carrier.everything("/billing/payables", vendor_id=vendor_id)

    [payable] = eventually(owed, 60, "nothing is owed for the award")
    return str(trip["id"]), payable


def test_award_creates_payable_paid_once_with_remittance(stack: Stack) -> None:
    exchange = Exchange.opened(stack)
    _, payable = awarded(exchange, "Premium", 1250)
    due_date = f"{dates.trip_day(30)}"
    assert (payable["amount"], payable["status"], payable["due_date"]) == (1250.0, "open", due_date)
    extra = {"vendor_id": payable["vendor_id"], "amount": 85.5, "due_date": due_date, "description": "Parking"}
    parking = exchange.carrier.ask("POST", "/billing/payables", extra)
    body = {"payable_ids": [payable["id"], parking["id"]], "method": "ach", "reference": "Run 12"}
    answers = at_once(6, lambda _: exchange.carrier.send("POST", "/billing/payouts", body))
    assert statuses(answers) == {201: 1, 409: 5}
    mail = stack.wait_for_mail(f"premium@{exchange.carrier.slug}.example", r"^We paid you \$1,335.50")
    assert "Parking: $85.50" in mail["BodyText"]
    assert "Run 12" in mail["BodyText"]
    aging = exchange.carrier.ask("GET", "/billing/aging/payable")
    assert (aging["items"], aging["total"]["total"]) == ([], 0)


def test_cancelled_charter_voids_payable(stack: Stack) -> None:
    exchange = Exchange.opened(stack)
    trip, payable = awarded(exchange, "Premium", 1250)
    exchange.carrier.ask("POST", f"/charters/{trip}/cancel", {"reason": "The event is off"})

    def voided() -> bool:
        known = exchange.carrier.ask("GET", f"/billing/payables/{payable['id']}")
        return bool(known["status"] == "void")

    eventually(voided, 60, "it is still owed")
    kinds = [each["kind"] for each in exchange.carrier.everything("/billing/ledger")]
    assert sorted(kinds) == ["cost_incurred", "cost_reversed"]


def test_released_vendor_is_notified_and_payable_voided(stack: Stack) -> None:
    exchange = Exchange.opened(stack)
    trip, payable = awarded(exchange, "Premium", 1250)
    exchange.carrier.ask("POST", f"/bids/{payable['bid_id']}/release", {"reason": "Your coach broke down"})
    stack.wait_for_mail(f"premium@{exchange.carrier.slug}.example", "^Called off: trip CH-")
    bid = exchange.bid(trip, exchange.vendor("Relief"), 1400)
    exchange.carrier.ask("POST", f"/bids/{bid}/accept", {"decision": "accept"})

    def owed() -> bool:
        known = exchange.carrier.everything("/billing/payables")
        return sorted((each["vendor_name"], each["status"]) for each in known) == [
            ("Premium", "void"),
            ("Relief", "open"),
        ]

    eventually(owed, 60, "the one is still owed, or the other is not")
    aging = exchange.carrier.ask("GET", "/billing/aging/payable")
    assert [(each["name"], each["total"]) for each in aging["items"]] == [("Relief", 1400)]
