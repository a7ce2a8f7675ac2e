"""Drafts of invoices: shown as they would be issued, updated and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices.model import INVOICE
from coachway.billing.invoicing_runs import unbilled_trips
from coachway.clients import addresses
from coachway.clients import service as clients
from coachway.clients.model import AddressInput
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import (
    create_booked_charter,
    create_completed_charter,
    record_deposit,
    send_ok,
    send_request,
)
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF

TERMS = ("client_name", "client_email", "billing_address", "payment_terms", "amount_paid", "balance_due", "total")


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def create_draft(charter_id: str, **fields: Any) -> dict[str, Any]:
    return send_ok("POST", "/invoices", {"charter_id": charter_id, **fields})


def move_client(line: str) -> None:
    """Give the client a newer billing address."""
    address = AddressInput.model_validate({"address_type": "billing", "line1": line, "city": "Albany"})
    addresses.add_address(STAFF, CLIENT_ID, address)


def select_terms(invoice: dict[str, Any]) -> dict[str, Any]:
    return {name: invoice[name] for name in TERMS}


def test_draft_shows_what_issuing_it_computes() -> None:
    trip = create_booked_charter()
    record_deposit(trip.id, 20_000)
    move_client("1 Old Road")
    draft = create_draft(trip.id)
    assert (draft["amount_paid"], draft["balance_due"], draft["billing_address"][0]) == (200, 526.5, "1 Old Road")
    record_deposit(trip.id, 10_000)
    move_client("2 New Road")
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"name": "Acme Tours", "payment_terms": "net_15"}), None)
    shown = send_ok("GET", f"/invoices/{draft['id']}")
    [listed] = send_ok("GET", "/invoices")["items"]
    assert (shown["amount_paid"], shown["balance_due"], shown["billing_address"][0]) == (300, 426.5, "2 New Road")
    issued = send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert select_terms(shown) == select_terms(issued)
    assert select_terms(listed) == {**select_terms(issued), "billing_address": draft["billing_address"]}
    assert (issued["client_name"], issued["due_date"]) == ("Acme Tours", "2027-01-25")


def test_list_drafts_makes_two_calls_whatever_their_number() -> None:
    for _ in range(3):
        create_draft(create_booked_charter().id)
    before = call_stats.calls
    assert len(send_ok("GET", "/invoices", query={"limit": "2"})["items"]) == 2
    assert call_stats.calls - before - 1 == 2  # and one reads the signing key of the token


def test_issued_invoice_keeps_its_address() -> None:
    move_client("1 Old Road")
    draft = create_draft(create_completed_charter().id)
    issued = send_ok("POST", f"/invoices/{draft['id']}/issue")
    move_client("2 New Road")
    assert select_terms(send_ok("GET", f"/invoices/{draft['id']}")) == select_terms(issued)
    for method in ("PUT", "DELETE"):
        refused = send_request(method, f"/invoices/{draft['id']}", {"notes": "x"} if method == "PUT" else None)
        assert (refused.status, refused.json()["code"]) == (409, "invoice_not_draft")


def test_draft_discounted_below_deposit_has_no_balance() -> None:
    trip = create_booked_charter()
    record_deposit(trip.id, 70_000)
    draft = create_draft(trip.id, extras=[{"description": "Goodwill", "amount": -100}])
    issued = send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert (draft["amount_paid"], draft["balance_due"]) == (issued["amount_paid"], issued["balance_due"]) == (626.5, 0)


def test_update_draft_replaces_extras_and_notes() -> None:
    draft = create_draft(create_completed_charter().id, extras=[{"description": "Waiting", "amount": 50}])
    path = f"/invoices/{draft['id']}"
    noted = send_ok("PUT", path, {"notes": "PO 7"}, headers={"if-match": '"1"'})
    assert (noted["notes"], noted["total"], noted["version"]) == ("PO 7", 776.5, 2)
    stale = send_request("PUT", path, {"notes": "PO 8"}, headers={"if-match": '"1"'})
    assert stale.status == 412
    changed = send_ok("PUT", path, {"extras": [{"description": "Cleaning", "amount": 20}]})
    assert (changed["notes"], changed["total"], changed["balance_due"]) == ("PO 7", 746.5, 746.5)
    assert [line["description"] for line in changed["lines"]][1:] == ["Cleaning"]
    refused = send_request("PUT", path, {"extras": [{"description": "Goodwill", "amount": -2000}]})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "extras")
    assert send_ok("POST", f"{path}/issue")["total"] == 746.5


def test_update_draft_takes_over_changed_trip() -> None:
    trip = create_booked_charter()
    draft = create_draft(trip.id)
    before = builders.get_charter(trip.id)
    quote = before.quote.model_copy(update={"total": before.quote.total + 10_000})
    store.commit(STAFF, Update(before, before.model_copy(update={"quote": quote, "revision_number": 2})))
    outdated = send_request("POST", f"/invoices/{draft['id']}/issue")
    assert (outdated.status, outdated.json()["code"]) == (409, "invoice_outdated")
    updated = send_ok("PUT", f"/invoices/{draft['id']}", {})
    assert updated["total"] == 826.5
    assert send_ok("POST", f"/invoices/{draft['id']}/issue")["total"] == updated["total"]


def test_delete_draft_frees_its_trips() -> None:
    trip = create_completed_charter()
    draft = create_draft(trip.id)
    path = f"/invoices/{draft['id']}"
    assert send_request("DELETE", path, headers={"if-match": '"2"'}).status == 412
    assert send_request("DELETE", path, headers={"if-match": '"1"'}).status == 204
    assert send_request("GET", path).status == 404
    assert send_ok("GET", "/invoices")["items"] == []
    assert builders.get_charter(trip.id).invoice_id is None
    refund_builders.deliver_event(INVOICE.key(org=ORG, id=draft["id"]), "invoice.draft_deleted", draft["id"])
    assert [each.charter_id for each in unbilled_trips.list_unbilled_trips(ORG)] == [trip.id]
    assert create_draft(trip.id)["status"] == "draft"
