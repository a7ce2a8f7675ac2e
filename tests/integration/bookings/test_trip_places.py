"""Charters whose stops have only addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.places import amazon_client, lookup
from tests.integration.bookings.builders import (
    charter_request,
    create_charter,
    create_organizations,
    send_request,
)
from tests.location_server import LocationServer

WALL_STREET, BOARDWALK = "11 Wall St, New York, NY 10005", "1901 Boardwalk, Atlantic City, NJ 08401"
MICHIGAN_AVENUE = "233 N Michigan Ave, Chicago, IL 60601"
DEPARTURE = "2027-03-03T09:00:00-05:00"


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def stops_at(*addresses: str) -> list[dict[str, Any]]:
    stops: list[dict[str, Any]] = [{"address": address} for address in addresses]
    stops[0]["estimated_departure"] = DEPARTURE
    return stops


def create_by_address(*addresses: str, **fields: Any) -> Any:
    return create_charter(stops=stops_at(*addresses), **{"miles": None, **fields})


def codes(charter: Any) -> list[str]:
    return [warning["code"] for warning in charter["quote"]["warnings"]]


def update(charter: Any, **changes: Any) -> Any:
    reply = send_request("PUT", f"/charters/{charter['id']}", changes)
    assert reply.status == 200, reply.text
    return reply.json()


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The map service cannot be reached until the patch is undone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCATION_API_BASE", "http://127.0.0.1:9")
        amazon_client.clear_clients()
        yield patch
    amazon_client.clear_clients()
    amazon_client.clear_health()


def end_outage(outage: pytest.MonkeyPatch) -> None:
    outage.undo()
    amazon_client.clear_clients()
    amazon_client.clear_health()


def test_addresses_alone_give_coordinates_zone_miles_price_and_times() -> None:
    charter = create_by_address(WALL_STREET, MICHIGAN_AVENUE, requires_second_driver=True)
    first, last = charter["stops"]
    assert (round(first["latitude"], 1), round(first["longitude"], 1)) == (40.7, -74.0)
    assert first["geocoded_address"] == "11 Wall St, New York, NY 10005, United States"
    assert (first["timezone"], last["timezone"]) == ("America/New_York", "America/Chicago")
    (leg,) = charter["road_legs"]
    assert charter["miles"] == pytest.approx(leg["miles"], abs=0.1)
    assert 800 < charter["miles"] < 900
    assert charter["miles_estimated"] is True
    assert charter["quote"]["total"] > 350
    assert charter["ends_at"].startswith("2027-03-04T0")


def test_zone_of_first_stop_is_the_zone_of_the_trip() -> None:
    charter = create_by_address(MICHIGAN_AVENUE, "Navy Pier, Chicago, IL")
    assert (charter["timezone"], charter["starts_at"]) == ("America/Chicago", "2027-03-03T08:00:00-06:00")


def test_times_follow_from_the_miles_at_50_miles_an_hour_although_the_route_is_faster() -> None:
    charter = create_by_address(WALL_STREET, "Buffalo, NY")
    (leg,) = charter["road_legs"]
    hours = datetime.fromisoformat(charter["ends_at"]) - datetime.fromisoformat(charter["starts_at"])
    assert hours == pytest.approx(timedelta(hours=leg["miles"] / 50), abs=timedelta(minutes=1))
    assert leg["driving_minutes"] < hours / timedelta(minutes=1)


def test_timetable_that_is_shorter_than_the_route_is_not_legal() -> None:
    stops = stops_at(WALL_STREET, "233 N Michigan Ave, Chicago, IL 60601")
    stops[1]["estimated_arrival"] = "2027-03-03T18:00:00-05:00"  # 9 hours for 850 miles
    charter = create_charter(stops=stops, miles=None)
    assert {"hours_of_service", "timetable_too_fast"} <= set(codes(charter))
    assert "at least as long as the route takes" in charter["quote"]["warnings"][0]["message"]


def test_entered_coordinates_zone_and_miles_win(location_server: LocationServer) -> None:
    before = location_server.count_requests()
    stops = stops_at(WALL_STREET, BOARDWALK)
    for stop in stops:
        stop |= {"latitude": 41.5, "longitude": -75.5, "timezone": "America/Denver"}
    charter = create_charter(stops=stops, miles=77)
    assert location_server.count_requests() == before
    assert [stop["latitude"] for stop in charter["stops"]] == [41.5, 41.5]
    assert [stop["geocoded_address"] for stop in charter["stops"]] == [None, None]
    assert (charter["timezone"], charter["miles"], charter["road_legs"]) == ("America/Denver", 77, [])


def test_coordinates_without_miles_get_the_time_zone_of_their_place(location_server: LocationServer) -> None:
    stops = stops_at("Depot", "Hall")
    stops[0] |= {"latitude": 41.88, "longitude": -87.62}
    stops[1] |= {"latitude": 42.33, "longitude": -83.05}
    charter = create_charter(stops=stops, miles=None)
    assert [stop["timezone"] for stop in charter["stops"]] == ["America/Chicago", "America/Detroit"]
    assert codes(charter) == []
    before = location_server.count_requests()
    assert create_charter(stops=stops, miles=None)["timezone"] == "America/Chicago"
    assert location_server.count_requests() == before


def test_coordinates_get_the_zone_of_the_organization_during_an_outage(outage: pytest.MonkeyPatch) -> None:
    stops = stops_at("Depot", "Hall")
    stops[0] |= {"latitude": 41.88, "longitude": -87.62}
    stops[1] |= {"latitude": 42.33, "longitude": -83.05}
    charter = create_charter(stops=stops, miles=None)
    assert (charter["timezone"], codes(charter)) == ("America/New_York", ["miles_estimated"])


def test_entered_miles_win_over_the_route_of_addresses() -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK, miles=77)
    assert (charter["miles"], charter["miles_estimated"], charter["road_legs"]) == (77, False, [])
    assert charter["stops"][0]["latitude"] is not None


def test_entered_zone_wins_over_the_zone_of_the_place() -> None:
    stops = stops_at(MICHIGAN_AVENUE, BOARDWALK)
    stops[0]["timezone"] = "America/Denver"
    assert create_charter(stops=stops, miles=None)["timezone"] == "America/Denver"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("The old depot", "address_not_found"),
        ("Springfield", "address_ambiguous"),
        ("1 Sandbox Error St, Boston, MA", "places_unavailable"),
        ("1 Sandbox Malformed St, Boston, MA", "places_unavailable"),
        ("1 Sandbox Zero St, Boston, MA", "places_unavailable"),
        ("1 Sandbox Empty St, Boston, MA", "address_not_found"),
    ],
)
def test_stop_without_place_warns_and_miles_are_asked_for(address: str, code: str) -> None:
    charter = create_by_address(WALL_STREET, address)
    assert {code, "miles_unknown"} <= set(codes(charter))
    assert "stop 2" in next(each["message"] for each in charter["quote"]["warnings"] if each["code"] == code)
    assert charter["miles"] == 0
    assert charter["stops"][1]["latitude"] is None
    reply = send_request("POST", f"/charters/{charter['id']}/send-quote", {})
    assert reply.status == 409
    assert ["miles", "miles_unknown"] in [[each["field"], each["code"]] for each in reply.json()["errors"]]
    with_miles = update(charter, miles=130)
    assert "miles_unknown" not in codes(with_miles)
    assert with_miles["miles"] == 130


def test_city_gives_miles_and_zone_but_no_coordinates() -> None:
    charter = create_by_address(WALL_STREET, "Chicago, IL")
    stop = charter["stops"][1]
    assert (stop["latitude"], stop["timezone"]) == (None, "America/Chicago")
    assert stop["geocoded_address"] == "Chicago, IL, United States"
    assert "address_approximate" in codes(charter)
    assert charter["miles"] > 800


def test_route_that_fails_is_estimated(location_server: LocationServer) -> None:
    create_by_address(WALL_STREET, BOARDWALK, miles=77)  # both addresses are known now
    location_server.sandbox.set_mode("error", 1)
    charter = create_by_address(WALL_STREET, BOARDWALK)
    assert "miles_estimated" in codes(charter)
    assert charter["miles"] == pytest.approx(sum(leg["miles"] for leg in charter["road_legs"]), abs=0.1)
    assert charter["miles"] > update(charter, passengers=41)["miles"]  # the route is known by then


def test_trip_over_an_ocean_is_estimated() -> None:
    charter = create_by_address(WALL_STREET, "10 Downing St, London")
    message = next(each["message"] for each in charter["quote"]["warnings"] if each["code"] == "miles_estimated")
    assert message.startswith("No road connects the stops")


def test_outage_does_not_prevent_a_quote_and_saving_again_completes_it(outage: pytest.MonkeyPatch) -> None:
    charter = create_by_address(MICHIGAN_AVENUE, "Navy Pier, Chicago, IL")
    assert {"places_unavailable", "miles_unknown"} <= set(codes(charter))
    assert charter["timezone"] == "America/New_York"
    end_outage(outage)
    completed = update(charter)
    assert not {"places_unavailable", "miles_unknown"} & set(codes(completed))
    assert completed["miles"] > 0
    assert completed["timezone"] == completed["stops"][1]["timezone"] == "America/Chicago"


def test_outage_with_entered_miles_only_warns(outage: pytest.MonkeyPatch) -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK, miles=130)
    assert codes(charter) == ["places_unavailable"]
    assert send_request("POST", f"/charters/{charter['id']}/send-quote", {}).status == 200


def test_slow_service_delays_a_charter_by_the_time_limit(
    location_server: LocationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_SECONDS", 0.3)
    monkeypatch.setattr(location_server.sandbox, "slow_seconds", 0.6)
    location_server.sandbox.set_mode("slow", 100)
    addresses = [f"{number} Main St, Boston, MA" for number in range(1, 51)]
    charter = create_by_address(*addresses)
    assert "places_unavailable" in codes(charter)
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join()


def test_fifty_addresses_are_all_found(location_server: LocationServer) -> None:
    before = location_server.count_requests()
    addresses = [f"{number} Main St, Boston, MA" for number in range(1, 51)]
    charter = create_by_address(*addresses)
    assert all(stop["latitude"] for stop in charter["stops"])
    assert len(charter["road_legs"]) == 49
    assert location_server.count_requests() == before + 50 + 3
    assert "places_unavailable" not in codes(charter)


def test_changed_address_is_looked_up_again_although_its_old_coordinates_were_sent() -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    stops = [dict(stop) for stop in charter["stops"]]
    stops[1]["address"] = MICHIGAN_AVENUE
    edited = update(charter, stops=stops)
    assert edited["stops"][0] == charter["stops"][0]
    assert edited["stops"][1]["timezone"] == "America/Chicago"
    assert edited["stops"][1]["geocoded_address"].startswith("233 N Michigan Ave")
    assert edited["miles"] > 700
    assert len(edited["road_legs"]) == 1


def test_changed_address_that_is_not_found_loses_the_old_coordinates() -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    stops = [dict(stop) for stop in charter["stops"]]
    stops[1]["address"] = "The old depot"
    edited = update(charter, stops=stops)
    assert (edited["stops"][1]["latitude"], edited["stops"][1]["geocoded_address"]) == (None, None)
    assert "miles_unknown" in codes(edited)


def test_corrected_coordinates_stay() -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    stops = [dict(stop) for stop in charter["stops"]]
    stops[1] |= {"latitude": 39.5, "longitude": -74.5}
    assert update(charter, stops=stops)["stops"][1]["latitude"] == 39.5


def test_same_addresses_without_coordinates_change_nothing() -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    stops = [{**stop, "latitude": None, "longitude": None, "timezone": None} for stop in charter["stops"]]
    assert update(charter, stops=stops)["revision_number"] == charter["revision_number"]


def test_changed_wording_of_a_booked_trip_keeps_its_place(location_server: LocationServer) -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    book = {"status": "booked", "accepted_by": "Dana Lee"}
    assert send_request("POST", f"/charters/{charter['id']}/status", book).status == 200
    before = location_server.count_requests()
    stops = [dict(stop) for stop in charter["stops"]]
    assert send_request("PUT", f"/charters/{charter['id']}", {"stops": stops}).json()["stops"] == charter["stops"]
    assert location_server.count_requests() == before
    stops[1]["address"] = "The old depot"
    reworded = send_request("PUT", f"/charters/{charter['id']}", {"stops": stops}).json()
    assert reworded["stops"][1]["address"] == "The old depot"
    assert reworded["stops"][1]["latitude"] == charter["stops"][1]["latitude"]
    assert location_server.count_requests() == before + 1  # the new address; the answer about the old one is kept


def test_other_change_keeps_places_and_route(location_server: LocationServer) -> None:
    charter = create_by_address(WALL_STREET, BOARDWALK)
    before = location_server.count_requests()
    edited = update(charter, passengers=41)
    assert location_server.count_requests() == before
    assert all(edited[name] == charter[name] for name in ("stops", "miles", "road_legs", "starts_at", "ends_at"))


def test_entered_miles_remove_the_route() -> None:
    edited = update(create_by_address(WALL_STREET, BOARDWALK), miles=200)
    assert (edited["miles"], edited["miles_estimated"], edited["road_legs"]) == (200, False, [])


def test_clone_and_series_ask_once(location_server: LocationServer) -> None:
    before = location_server.count_requests()
    charter = create_by_address(WALL_STREET, BOARDWALK)
    clone = send_request("POST", f"/charters/{charter['id']}/clone", {}).json()
    assert [clone[name] for name in ("miles", "road_legs")] == [charter[name] for name in ("miles", "road_legs")]
    body = charter_request(stops=stops_at(WALL_STREET, BOARDWALK), miles=None)
    query = {"recurrence_rule": "FREQ=WEEKLY;COUNT=5", "instance_count": "5"}
    items = send_request("POST", "/charters/recurring", body, query=query).json()["items"]
    assert {item["miles"] for item in items} == {charter["miles"]}
    assert all(item["stops"][0]["latitude"] and item["road_legs"] == charter["road_legs"] for item in items)
    assert len(items) == 5
    assert location_server.count_requests() == before + 3
