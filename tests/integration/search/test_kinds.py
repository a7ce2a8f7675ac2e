"""Every kind of record is found by search, and by `q` in its list."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.erasure import LISTS_OF_CLIENT
from coachway.bookings.series import outbox
from coachway.core.caller import Caller
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.search_entries import SEARCH, SearchEntry
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import settings
from coachway.erasure.service import erase_lists
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE
from coachway.vendors.model import VENDOR_EXAMPLE
from infra.local.operations.search_rebuild import refresh_search_entries
from tests.integration.bookings.builders import CLIENT_ID, ORG, charter_request, create_charter, create_organizations
from tests.integration.client import Reply, call, token_for
from tests.integration.previous_release_data import set_data_version
from tests.integration.search.test_search import find, search
from tools.function_modules import load

APIS = {
    name: load(*place).api
    for name, place in {
        "charters": ("bookings", "api"),
        "clients": ("clients", "api"),
        "invoices": ("billing", "api"),
        "vendors": ("vendors", "api"),
        "drivers": ("fleet", "api"),
        "vehicles": ("fleet", "api"),
        "sales": ("sales", "api"),
    }.items()
}
STAFF = (
    "charters:read charters:write clients:read clients:write billing:read billing:write vendors:read vendors:write "
    "fleet:read fleet:write sales:read sales:write"
)
LEAD = {
    "first_name": "Bob",
    "last_name": "Wilson",
    "email": "bob@wilson.example",
    "phone": "+12125550188",
    "source": "phone",
    "pickup_location": "12 Elm Street, Hoboken",
}
ACME = {"name": "Acme Events", "client_type": "corporate", "email": "events@acme.example"}


@pytest.fixture(autouse=True)
def organization() -> None:
    """Create the organizations, instead of those of the tests of clients."""
    create_organizations()


def send(method: str, path: str, body: Any = None, **options: Any) -> Reply:
    api = APIS[path.split("/")[1].partition("?")[0]]
    token = options.pop("token", "") or token_for(STAFF)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def create(path: str, body: Any) -> dict[str, Any]:
    reply = send("POST", path, body)
    assert reply.status in {200, 201}, reply.text
    return dict(reply.json())


def list_ids(path: str, **query: str) -> list[str]:
    reply = send("GET", path, query=query)
    assert reply.status == 200, reply.text
    return [each["id"] for each in reply.json()["items"]]


def create_invoice() -> dict[str, Any]:
    """Create a client, and a booked charter of the client with an issued invoice."""
    client = create("/clients", {**ACME, "payment_terms": "net_30"})
    charter = create_charter(client_id=client["id"])
    create(f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
    invoice = create("/invoices", {"charter_id": charter["id"]})
    return create(f"/invoices/{invoice['id']}/issue", {})


@pytest.mark.parametrize(
    ("path", "body", "kind", "queries", "other_query"),
    [
        ("/vendors", VENDOR_EXAMPLE, "vendor", ["premium coach", "john smith", "555-010-0000", "san diego"], "jones"),
        ("/drivers", DRIVER_EXAMPLE, "driver", ["delgado", "rosa", "2125550177", "555-0177"], "D1234567x"),
        ("/vehicles", VEHICLE_EXAMPLE, "vehicle", ["coach 12", "NJ12345", "NJ 12-345", "12"], "bus"),
        ("/sales/leads", LEAD, "lead", ["wilson", "bob@wilson.example", "5550188", "hoboken", "12 elm"], "smith"),
        ("/charters", None, "charter", ["CH-2027-000001", "2027-000001", "1", "wall", "boardwalk"], "CH-2027-000002"),
    ],
)
def test_record_is_found(path: str, body: Any, kind: str, queries: list[str], other_query: str) -> None:
    record = create(path, body or charter_request())
    for query in queries:
        hits = [hit for hit in search(query).json()["items"] if hit["kind"] == kind]
        assert [(hit["id"], hit["status"]) for hit in hits] == [(record["id"], record["status"])], query
        assert list_ids(path, q=query) == [record["id"]], query
    assert (find(other_query), list_ids(path, q=other_query)) == ([], [])


def test_invoice_is_found_by_its_number_and_client_with_its_current_status() -> None:
    invoice = create_invoice()
    for query in (invoice["number"], "1", "acme", "events acme"):
        hits = [hit for hit in search(query).json()["items"] if hit["kind"] == "invoice"]
        assert [(hit["id"], hit["title"], hit["status"]) for hit in hits] == [
            (invoice["id"], invoice["number"], invoice["status"])
        ]
        assert list_ids("/invoices", q=query) == [invoice["id"]]
    assert list_ids("/invoices", q="acme", due_from="2027-06-01", due_to="2027-07-01") == []
    assert list_ids("/invoices", q="acme", due_from=invoice["due_date"]) == [invoice["id"]]
    create(f"/invoices/{invoice['id']}/void", {"reason": "typing error"})
    assert [hit["status"] for hit in search(invoice["number"]).json()["items"]] == ["void"]


def test_clients_find_only_their_own_invoices_in_the_list() -> None:
    invoice = create_invoice()
    own = token_for("billing:read", role="client", party_id=invoice["client_id"])
    other = token_for("billing:read", role="client", party_id=CLIENT_ID)
    found = [send("GET", "/invoices", query={"q": "acme"}, token=token).json()["items"] for token in (own, other)]
    assert [[each["id"] for each in items] for items in found] == [[invoice["id"]], []]


def test_charter_is_found_by_its_new_addresses_after_a_revision() -> None:
    charter = create_charter()
    stops = charter_request()["stops"]
    stops[1]["address"] = "1 Franklin Park Rd, Boston, MA"
    assert send("PUT", f"/charters/{charter['id']}", {"stops": stops}).status == 200
    assert (find("boardwalk"), find("franklin boston")) == ([], [charter["number"]])


def test_charter_is_found_by_purchase_order_and_contact_on_site() -> None:
    contact = {"name": "Dana Lee", "phone": "+12125550124"}
    charter = create_charter(po_number="PO-4711/B", on_site_contact=contact)
    assert [find(q) for q in ("4711", "PO-4711/B", "po4711b", "dana", "555-0124")] == [[charter["number"]]] * 5
    assert find("boardwalk") == [charter["number"]]
    assert send("PUT", f"/charters/{charter['id']}", {"on_site_contact": None}).status == 200
    assert [find(q) for q in ("4711", "dana")] == [[charter["number"]], []]


def test_search_of_charters_combines_with_filters() -> None:
    charter = create_charter()
    assert list_ids("/charters", q="wall", status="quote", client_id=CLIENT_ID) == [charter["id"]]
    assert list_ids("/charters", q="wall", status="booked") == []
    assert list_ids("/charters", q="wall", date_from=charter["trip_date"]) == [charter["id"]]
    assert list_ids("/charters", q="wall", date_from="2027-06-01") == []
    backwards = {"q": "wall", "date_from": "2027-06-01", "date_to": "2027-01-01"}
    assert send("GET", "/charters", query=backwards).status == 422


def test_cursor_of_other_dates_is_refused() -> None:
    for _ in range(2):
        create_charter()
    page = send("GET", "/charters", query={"q": "wall", "limit": "1"}).json()
    assert page["next_cursor"] is not None
    assert len(list_ids("/charters", q="wall", limit="1", cursor=page["next_cursor"])) == 1
    query = {"q": "wall", "cursor": page["next_cursor"], "date_from": "2027-01-01"}
    assert send("GET", "/charters", query=query).status == 422


def test_charters_of_a_series_are_found() -> None:
    query = {"recurrence_rule": "weekly", "instance_count": "52"}
    # With these, each charter has as many search entries as it can have.
    contact = {"name": "Dana Maria Lee", "phone": "+12125550124"}
    body = charter_request(po_number="PO-4711/12", on_site_contact=contact)
    reply = send("POST", "/charters/recurring", body, query=query)
    assert reply.status == 201, reply.text
    numbers = [charter["number"] for charter in reply.json()["items"]]
    assert [find(number) for number in (numbers[0], numbers[51])] == [[numbers[0]], [numbers[51]]]
    assert search("4711 wall", query={"limit": "50"}).json()["is_complete"] is False


def test_batch_of_eight_charters_of_earlier_release_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver, waiting = outbox.deliver_batches, list[Any]()
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_CHARTERS_PER_BATCH", 8)
        patch.setattr(outbox, "deliver_batches", lambda caller, batches: waiting.append((caller, list(batches))))
        contact = {"name": "Dana Maria Lee", "phone": "+12125550124"}
        body = charter_request(po_number="PO-4711/12", on_site_contact=contact)
        query = {"recurrence_rule": "weekly", "instance_count": "8"}
        charters = send("POST", "/charters/recurring", body, query=query).json()["items"]
    assert [deliver(*each) for each in waiting] == [1]
    assert len(find("4711")) == len(charters) == 8


def test_charter_changed_before_its_series_was_delivered_is_found_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver, waiting = outbox.deliver_batches, list[Any]()
    monkeypatch.setattr(outbox, "deliver_batches", lambda caller, batches: waiting.append((caller, list(batches))))
    query = {"recurrence_rule": "weekly", "instance_count": "2"}
    first, second = send("POST", "/charters/recurring", charter_request(), query=query).json()["items"]
    assert find("wall") == []
    stops = first["stops"]
    stops[0]["address"] = "1 Franklin Park Rd"
    assert send("PUT", f"/charters/{first['id']}", {"stops": stops}).status == 200
    assert [deliver(*each) for each in waiting] == [1]
    assert (find("wall"), find("franklin")) == ([second["number"]], [first["number"]])


def test_erased_trip_is_found_by_its_number_only() -> None:
    charter = create_charter()
    erase_lists(Caller.system("test", ORG), CLIENT_ID, LISTS_OF_CLIENT, client=CLIENT_ID)
    hits = search(charter["number"]).json()["items"]
    assert (find("wall"), find("erased"), [hit["subtitle"] for hit in hits]) == ([], [], ["2027-03-03 erased – erased"])


def test_merged_lead_is_not_found() -> None:
    kept = create("/sales/leads", LEAD)
    other = create("/sales/leads", {**LEAD, "email": "robert@wilson.example", "phone": "+12125550189"})
    assert len(find("wilson")) == 2
    create(f"/sales/leads/{kept['id']}/merge", {"other_lead_id": other["id"]})
    assert [hit["id"] for hit in search("wilson").json()["items"]] == [kept["id"]]


def test_list_with_words_takes_two_calls() -> None:
    for number in range(3):
        create("/clients", {**ACME, "name": f"Zenith {number}", "email": f"a{number}@zenith.example"})
    list_ids("/clients", q="zenith")
    token, calls = token_for(STAFF), call_stats.calls
    assert len(send("GET", "/clients", query={"q": "zenith"}, token=token).json()["items"]) == 3
    assert call_stats.calls - calls == 2


def test_records_of_earlier_release_are_found_after_the_rebuild(dynamodb: Any) -> None:
    client = create("/clients", {**ACME, "name": "Zenith Tours"})
    create(f"/clients/{client['id']}/contacts", {"name": "Dana Lee"})
    vehicle = create("/vehicles", VEHICLE_EXAMPLE)
    charter = create_charter()
    set_data_version(ORG)
    for initial in "abcdefghijklmnopqrstuvwxyz0123456789":
        for entry in query_all(SearchEntry, SEARCH.partition(org=ORG, initial=initial)):
            key = {"pk": {"S": entry.key().pk}, "sk": {"S": entry.key().sk}}
            dynamodb.delete_item(TableName=settings.table_name(), Key=key)
    assert find("zenith") == []
    assert [list_ids("/clients", q=words) for words in ("zenith", "tours")] == [[client["id"]], []]
    assert list_ids("/vehicles", q="coach") == [vehicle["id"]]
    assert refresh_search_entries(ORG) >= 4
    set_data_version(ORG, DataVersion.SEARCH)
    assert [find(q) for q in ("zenith tours", "dana", "nj12345")] == [["Zenith Tours"], ["Dana Lee"], ["Coach 12"]]
    assert list_ids("/clients", q="tours") == [client["id"]]
    assert find(charter["number"]) == [charter["number"]]


def test_deleted_draft_is_not_found() -> None:
    charter = create_charter()
    create(f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
    invoice = create("/invoices", {"charter_id": charter["id"]})
    name = invoice["client_name"]
    assert list_ids("/invoices", q=name) == [invoice["id"]]
    assert send("DELETE", f"/invoices/{invoice['id']}").status == 204
    assert list_ids("/invoices", q=name) == []
