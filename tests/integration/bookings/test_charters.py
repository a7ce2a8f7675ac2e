"""Listing, updating, cloning and deleting charters."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import CHARTER
from coachway.core import store
from coachway.core.persistence import size_limits
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.table import call_stats
from tests.integration.bookings.builders import (
    CLIENT_ID,
    OTHER_ORG,
    STAFF,
    charter_request,
    create_charter,
    create_organizations,
    future_stops,
    send_request,
    set_status,
    stops_with_driving_hours,
)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def test_list_charters_is_newest_first_and_filtered() -> None:
    first, second, third = create_charter(), create_charter(), create_charter()
    set_status(second["id"], "booked")

    def list_ids(**query: str) -> list[str]:
        reply = send_request("GET", "/charters", query=query)
        assert reply.status == 200, reply.text
        return [each["id"] for each in reply.json()["items"]]

    assert list_ids() == [third["id"], second["id"], first["id"]]
    assert list_ids(status="booked") == [second["id"]]
    assert list_ids(client_id=CLIENT_ID, status="quote") == [third["id"], first["id"]]
    assert list_ids(date_from="2027-03-03", date_to="2027-03-03") == [first["id"], second["id"], third["id"]]
    assert list_ids(date_from="2027-03-04") == []
    assert list_ids(date_to="2027-03-02") == []
    assert list_ids(date_from="2027-01-01", status="booked") == [second["id"]]
    assert list_ids(vendor_id="ven_01JQZZZZZZZZZZZZZZZZZZZZZZ") == []
    first_page = send_request("GET", f"/clients/{CLIENT_ID}/charters", query={"limit": "2"}).json()
    assert [each["id"] for each in first_page["items"]] == [third["id"], second["id"]]
    second_page = send_request(
        "GET", f"/clients/{CLIENT_ID}/charters", query={"limit": "2", "cursor": first_page["next_cursor"]}
    ).json()
    assert [each["id"] for each in second_page["items"]] == [first["id"]]
    assert send_request("GET", "/charters", query={"date_from": "2027-03-03", "date_to": "2027-03-01"}).status == 422
    assert send_request("GET", "/charters", query={"date_from": "0001-01-01"}).status == 200
    assert send_request("GET", "/charters", query={"date_to": "9999-12-31"}).status == 200


def test_list_charters_takes_one_query() -> None:
    for _ in range(3):
        create_charter()
    before = call_stats.calls
    assert len(send_request("GET", "/charters", query={"limit": "2"}).json()["items"]) == 2
    assert call_stats.calls - before <= 2  # the second reads the keys that verify the token


def test_charters_are_hidden_from_other_organizations() -> None:
    charter = create_charter()
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/history"),
        ("GET", "/series"),
        ("POST", "/clone"),
        ("POST", "/send-quote"),
        ("POST", "/cancel"),
    ):
        body: Any = {} if method in ("PUT", "POST") else None
        assert send_request(method, f"/charters/{charter['id']}{path}", body, org_id=OTHER_ORG).status == 404
    assert send_request("GET", "/charters", org_id=OTHER_ORG).json()["items"] == []
    assert send_request("GET", f"/clients/{CLIENT_ID}/charters", org_id=OTHER_ORG).status == 404
    assert send_request("POST", "/charters", charter_request(), org_id=OTHER_ORG).status == 404


def test_update_charter_of_quoted_trip_creates_revision() -> None:
    charter = create_charter()
    path = f"/charters/{charter['id']}"
    with_notes = send_request("PUT", path, {"notes": "Door code 12"}).json()
    assert (with_notes["revision_number"], with_notes["version"], with_notes["notes"]) == (1, 2, "Door code 12")
    unchanged = send_request("PUT", path, {"stops": charter_request()["stops"], "miles": 130}).json()
    assert (unchanged["revision_number"], unchanged["version"]) == (1, 2)
    farther = send_request("PUT", path, {"miles": 200}).json()
    assert farther["revision_number"] == 2
    assert farther["quote"]["total"] == 350 + 200 * 2.5 + 2
    assert farther["quote"]["id"] != charter["quote"]["id"]
    stale = send_request("PUT", path, {"miles": 210}, headers={"if-match": '"1"'})
    assert stale.status == 412
    events = send_request("GET", f"{path}/history").json()["items"]
    assert [each["type"] for each in events] == ["charter.created", "charter.modified", "charter.modified"]
    assert {"field": "miles", "old": 130.0, "new": 200.0} in events[2]["changes"]
    assert events[2]["actor"]["role"] == "staff"


def test_update_booked_charter_rejects_price_time_and_stops() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    path = f"/charters/{charter['id']}"
    for fields in ({"miles": 200}, {"stops": stops_with_driving_hours(4)}, {"passengers": 41}, {"vehicle_count": 2}):
        rejected = send_request("PUT", path, fields)
        assert rejected.status == 409
        assert "clone the charter, change the copy" in rejected.json()["detail"]
        assert rejected.json()["errors"][0]["field"] == next(iter(fields))
    assert (
        send_request("PUT", path, {"notes": "Bring water", "stops": charter_request()["stops"]}).json()["notes"]
        == "Bring water"
    )
    assert send_request("DELETE", path).status == 409
    set_status(charter["id"], "cancelled")
    assert send_request("PUT", path, {"notes": "Too late"}).status == 409


def test_set_status_to_cancelled_requires_cancel_permission() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    assert set_status(charter["id"], "cancelled", permissions="charters:write").status == 403
    assert send_request("GET", f"/charters/{charter['id']}").json()["status"] == "booked"
    assert set_status(charter["id"], "cancelled").json()["status"] == "cancelled"


def test_clone_charter_creates_new_quote() -> None:
    original = create_charter(notes="Same as last year")
    set_status(original["id"], "booked")
    copy = send_request("POST", f"/charters/{original['id']}/clone")
    assert copy.status == 201
    created = copy.json()
    assert created["cloned_from_charter_id"] == original["id"]
    assert (created["status"], created["number"], created["notes"]) == ("quote", "CH-2027-000002", "Same as last year")
    assert created["starts_at"] == original["starts_at"]
    later = send_request(
        "POST", f"/charters/{original['id']}/clone", {"estimated_departure": "2028-04-05T09:00:00-04:00"}
    ).json()
    assert later["number"] == "CH-2028-000001"
    assert later["stops"][1]["estimated_arrival"] == "2028-04-05T12:00:00-04:00"


def test_charter_stored_with_values_that_are_refused_now_can_be_read_updated_and_cloned() -> None:
    charter_id, address = create_charter()["id"], "11 Wall\x7f\u2028St"
    stored = charter_queries.get_charter(STAFF, charter_id)
    fields = {"address": address, "latitude": 0.0, "longitude": 0.0}
    stops = [stored.stops[0].model_copy(update=fields), *stored.stops[1:]]
    store.commit(STAFF, Update(stored, stored.model_copy(update={"stops": stops})))
    updated = send_request("PUT", f"/charters/{charter_id}", {"notes": "Park\u2028at the door"})
    clone = send_request("POST", f"/charters/{charter_id}/clone")
    assert (updated.status, clone.status) == (200, 201), (updated.text, clone.text)
    assert updated.json()["notes"] == "Park\nat the door"
    for reply in (updated, clone):
        stop = reply.json()["stops"][0]
        assert {name: stop[name] for name in fields} == fields
    zero = {"address": "x", "latitude": 0, "longitude": 0}
    refused = send_request("PUT", f"/charters/{charter_id}", {"stops": [charter_request()["stops"][0], zero]})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "stops.1.latitude")


def test_clone_charter_and_series_across_dst_have_the_same_times() -> None:
    first, last = stops_with_driving_hours(3)
    hotel = {"address": "Hotel", "estimated_arrival": "2027-03-05T13:00:00-05:00"}
    weekend = [
        {**first, "estimated_departure": "2027-03-05T09:00:00-05:00"},
        {**hotel, "estimated_departure": "2027-03-07T12:00:00-05:00"},
        {**last, "estimated_arrival": "2027-03-07T16:00:00-05:00"},
    ]
    original, repeated = send_request(
        "POST",
        "/charters/recurring",
        charter_request(stops=weekend),
        query={"recurrence_rule": "weekly", "instance_count": "2"},
    ).json()["items"]
    body = {"estimated_departure": "2027-03-12T09:00:00-05:00"}
    clone = send_request("POST", f"/charters/{original['id']}/clone", body).json()
    assert clone["stops"] == repeated["stops"]
    assert (clone["starts_at"], clone["ends_at"]) == ("2027-03-12T09:00:00-05:00", "2027-03-14T16:00:00-04:00")


def test_delete_charter_removes_it_from_lists() -> None:
    charter = create_charter()
    assert send_request("DELETE", f"/charters/{charter['id']}").status == 204
    assert send_request("GET", f"/charters/{charter['id']}").status == 404
    assert send_request("GET", "/charters").json()["items"] == []
    assert send_request("GET", "/charters/dashboard-summary").json()["total"] == 0


def test_status_changes_update_history_and_counts() -> None:
    charter = create_charter()
    other = create_charter(miles=10)
    assert set_status(charter["id"], "completed").status == 409
    for status in ("booked", "confirmed", "in_progress", "completed"):
        assert set_status(charter["id"], status).json()["status"] == status
    assert set_status(charter["id"], "cancelled").status == 409
    types = [each["type"] for each in send_request("GET", f"/charters/{charter['id']}/history").json()["items"]]
    assert types == [
        "charter.created",
        "quote.accepted",
        "charter.booked",
        "charter.confirmed",
        "charter.started",
        "charter.completed",
    ]
    summary = send_request("GET", "/charters/dashboard-summary").json()
    assert summary["total"] == 2
    assert summary["by_status"]["completed"] == {"count": 1, "value": charter["quote"]["total"]}
    assert summary["by_status"]["quote"] == {"count": 1, "value": other["quote"]["total"]}
    assert summary["by_status"]["booked"] == {"count": 0, "value": 0}
    assert summary["open_value"] == other["quote"]["total"]


def test_clone_charter_rejects_unsupported_dates() -> None:
    stops = stops_with_driving_hours(3)
    stops[1]["estimated_arrival"] = "2027-03-23T12:00:00-04:00"
    charter = create_charter(stops=stops)
    for year in (2150, 2001):
        body = {"estimated_departure": f"{year}-12-31T09:00:00-05:00" if year == 2150 else "2001-01-01T00:00:00+14:00"}
        reply = send_request("POST", f"/charters/{charter['id']}/clone", body)
        assert reply.status in (201, 422), reply.text
        if reply.status == 201:
            assert send_request("GET", f"/charters/{reply.json()['id']}").status == 200
    late = [{**stops_with_driving_hours(3)[0], "estimated_departure": "2150-03-03T09:00:00Z"}, {"address": "There"}]
    reply = send_request(
        "POST", "/charters/recurring", charter_request(stops=late), query={"recurrence_rule": "FREQ=YEARLY;COUNT=3"}
    )
    assert reply.status == 422
    assert send_request("GET", "/charters").status == 200


def test_update_charter_at_all_limits_is_published() -> None:
    charter = create_charter()
    place = {"stop_type": "waypoint", "geocoded_address": "🚍" * 200, "longitude": -74}
    stops = [{**place, "address": f"{n:02}{'🚌' * 198}", "latitude": 40 + n / 50} for n in range(48)]
    first, last = future_stops()[0], future_stops()[-1]
    for address in ("first", "second"):
        body = charter_request(stops=[{**first, "address": address}, *stops, last], notes="🚌" * 4000)
        stops.reverse()
        reply = send_request("PUT", f"/charters/{charter['id']}", body)
        assert reply.status == 200, reply.text
    envelopes = query_all(Envelope, CHARTER.key(org=STAFF.org_id, id=charter["id"]).pk, prefix="EVENT#")
    for envelope in envelopes:
        detail = size_limits.format_detail(envelope, with_values=False)
        assert len(detail.encode()) < size_limits.MAX_DETAIL_BYTES
