"""Places through their routes."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.runtime import clock, settings
from coachway.core.types.geo import Coordinates
from coachway.places import lookup, service
from coachway.places.rules import LookupProblem
from tests.integration.client import Reply, call, token_for
from tests.integration.places.conftest import ORG
from tests.location_server import LocationServer
from tools.function_modules import load

api = load("places", "api").api
WALL_STREET = "11 Wall St, New York, NY 10005"
CALLER = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ")


def post(path: str, body: Any, permission: str = "places:read") -> Reply:
    return call(api, "POST", f"/api/v1/places/{path}", body, token=token_for(permission))


def test_geocode_returns_the_place_with_its_time_zone() -> None:
    answer = post("geocode", {"address": WALL_STREET}).json()
    assert answer["best"] == answer["items"][0]
    assert (answer["best"]["timezone"], answer["best"]["is_exact"]) == ("America/New_York", True)


def test_geocode_of_ambiguous_and_unknown_addresses_has_no_best_place() -> None:
    ambiguous = post("geocode", {"address": "Springfield"}).json()
    assert (ambiguous["best"], len(ambiguous["items"])) == (None, 5)
    assert post("geocode", {"address": "The old depot"}).json() == {"best": None, "items": []}


def test_geocode_asks_once_for_equal_addresses(location_server: LocationServer) -> None:
    before = location_server.count_requests()
    first = post("geocode", {"address": WALL_STREET})
    assert post("geocode", {"address": WALL_STREET.upper()}).json() == first.json()
    assert location_server.count_requests() == before + 1


def test_geocode_with_service_down_returns_502_and_next_time_the_place(location_server: LocationServer) -> None:
    location_server.sandbox.set_mode("error", 1)
    reply = post("geocode", {"address": WALL_STREET})
    assert (reply.status, reply.json()["code"]) == (502, "upstream_unavailable")
    assert post("geocode", {"address": WALL_STREET}).json()["best"]


def test_suggest_returns_addresses_near_the_position() -> None:
    items = post("suggest", {"query": "bost", "latitude": 42.3, "longitude": -71.0}).json()["items"]
    assert items[0]["label"] == "Boston, MA, United States"
    assert len(items) == 5


def test_suggest_without_position_returns_addresses_near_the_organization() -> None:
    items = post("suggest", {"query": "springfield"}).json()["items"]
    assert items[0]["label"] == "Springfield, IL, United States"
    near_boston = post("suggest", {"query": "springfield", "latitude": 42.3, "longitude": -71.0}).json()["items"]
    assert ", MA, " in near_boston[0]["label"]


def test_route_takes_addresses_and_coordinates() -> None:
    stops = [{"address": WALL_STREET}, {"latitude": 39.356, "longitude": -74.431}, {"address": "Boston, MA"}]
    answer = post("route", {"stops": stops}).json()
    assert len(answer["legs"]) == 2
    assert answer["miles"] == pytest.approx(sum(leg["miles"] for leg in answer["legs"]))
    assert answer["driving_minutes"] == sum(leg["driving_minutes"] for leg in answer["legs"])
    assert [place and place["label"] for place in answer["places"]] == [
        "11 Wall St, New York, NY 10005, United States",
        None,
        "Boston, MA, United States",
    ]


@pytest.mark.parametrize(
    ("address", "code"), [("The old depot", "address_not_found"), ("Springfield", "address_ambiguous")]
)
def test_route_names_the_stop_without_a_place(address: str, code: str) -> None:
    reply = post("route", {"stops": [{"address": WALL_STREET}, {"address": address}]})
    assert (reply.status, reply.json()["errors"][0]["field"], reply.json()["errors"][0]["code"]) == (
        422,
        "stops.1.address",
        code,
    )


def test_route_over_an_ocean_is_invalid() -> None:
    reply = post("route", {"stops": [{"address": WALL_STREET}, {"address": "London"}]})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "no_road")


def test_route_of_fifty_stops_has_49_legs(location_server: LocationServer) -> None:
    stops = [{"latitude": 40 + index / 50, "longitude": -74.0} for index in range(50)]
    before = location_server.count_requests()
    answer = post("route", {"stops": stops}).json()
    assert len(answer["legs"]) == 49
    assert location_server.count_requests() == before + 3
    assert post("route", {"stops": stops}).json() == answer
    assert location_server.count_requests() == before + 3


@pytest.mark.parametrize(
    "stop",
    [{}, {"latitude": 40.0}, {"latitude": 0, "longitude": 0}, {"latitude": 91, "longitude": 0}, {"address": ""}],
)
def test_route_with_invalid_stop_returns_422(stop: dict[str, Any]) -> None:
    assert post("route", {"stops": [{"address": WALL_STREET}, stop]}).status == 422


def test_places_require_their_permission() -> None:
    for path, body in (("suggest", {"query": "bost"}), ("geocode", {"address": "x"}), ("route", {"stops": []})):
        assert post(path, body, permission="charters:write").status == 403


def test_user_who_asks_too_often_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_LIMIT_BY_USER", RateLimit(1, 300))
    token = token_for("places:read")
    statuses = [call(api, "POST", "/api/v1/places/suggest", {"query": "bost"}, token=token).status for _ in range(2)]
    assert statuses == [200, 429]


def list_kept_items(dynamodb: Any) -> list[dict[str, Any]]:
    items = dynamodb.scan(TableName=settings.table_name())["Items"]
    return [item for item in items if item["kind"]["S"] == "place_answer"]


def test_kept_answer_does_not_show_the_address_and_expires(dynamodb: Any) -> None:
    match = lookup.find_addresses(CALLER, [WALL_STREET])[WALL_STREET]
    assert match.place is not None
    (item,) = list_kept_items(dynamodb)
    text = str(item).casefold()
    assert "wall" not in text
    assert "10005" not in text
    assert str(match.place.latitude) not in text
    days = (int(item["expires_at"]["N"]) - clock.epoch()) / 86_400
    assert 89 < days <= 90


def test_address_that_was_not_found_is_kept_for_a_day(dynamodb: Any) -> None:
    assert lookup.find_addresses(CALLER, ["The old depot"])["The old depot"].problem is LookupProblem.NOT_FOUND
    (item,) = list_kept_items(dynamodb)
    assert int(item["expires_at"]["N"]) - clock.epoch() <= 86_400


def test_answers_are_kept_per_organization(location_server: LocationServer) -> None:
    lookup.find_addresses(CALLER, [WALL_STREET])
    before = location_server.count_requests()
    lookup.find_addresses(Caller(org_id="org_01JQZZZZZZZZZZZZZZZZZZZZZY"), [WALL_STREET])
    assert location_server.count_requests() == before + 1


def test_find_addresses_returns_what_was_found_when_some_fail() -> None:
    matches = lookup.find_addresses(CALLER, [WALL_STREET, "1 Sandbox Error St, Boston, MA"])
    assert [match.problem for match in matches.values()] == [None, LookupProblem.UNAVAILABLE]


def test_route_is_kept_by_its_positions(location_server: LocationServer) -> None:
    positions = [Coordinates(40.0, -74.0), Coordinates(41.0, -75.0)]
    first = lookup.find_route(CALLER, positions)
    before = location_server.count_requests()
    assert lookup.find_route(CALLER, positions) == first
    assert lookup.find_route(CALLER, positions[::-1]).legs is not None
    assert location_server.count_requests() == before + 1
