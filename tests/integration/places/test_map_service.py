"""The port to the map service keeps its contract: with the sandbox, and with answers that the service documents."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from coachway.core.types.geo import Coordinates, miles_between
from coachway.places import amazon_client
from coachway.places.amazon_client import MapServiceUnavailable, NoRoad
from infra.local.sandboxes import location_sandbox
from tests.integration.places.service_shapes import find_differences
from tests.location_server import LocationServer
from tests.unit.places import documented_answers

NEW_YORK, ATLANTIC_CITY = "11 Wall St, New York, NY 10005", "1901 Boardwalk, Atlantic City, NJ"
BOSTON, LONDON = Coordinates(42.36, -71.06), Coordinates(51.5, -0.12)


def ask_sandbox(server: LocationServer, path: str, request: dict[str, Any]) -> Any:
    service = "geo-routes" if path == "routes" else "geo-places"
    signature = f"AWS4-HMAC-SHA256 Credential=AKID/20270303/us-east-1/{service}/aws4_request, Signature=0"
    response = httpx.post(f"{server.url}/v2/{path}", json=request, headers={"authorization": signature})
    return response.raise_for_status().json()


@pytest.mark.parametrize(
    ("service", "operation", "answer"),
    [
        ("geo-places", "Geocode", documented_answers.BRUSSELS),
        ("geo-places", "Geocode", documented_answers.COFFEE_SHOP),
        ("geo-places", "Geocode", documented_answers.NOTHING),
        ("geo-places", "Suggest", documented_answers.SUGGESTIONS),
        ("geo-routes", "CalculateRoutes", documented_answers.FERRY_ROUTE),
        ("geo-routes", "CalculateRoutes", documented_answers.NO_ROUTE),
    ],
)
def test_documented_answers_have_the_shapes_of_the_service(service: str, operation: str, answer: Any) -> None:
    assert find_differences(service, operation, answer) == []


@pytest.mark.parametrize(
    "address", [NEW_YORK, "Main St, Boston, MA", "10005", "Springfield", "JFK", "London", "nowhere"]
)
def test_answers_of_sandbox_have_the_shapes_of_the_service(address: str, location_server: LocationServer) -> None:
    request = {"QueryText": address, "MaxResults": 5, "AdditionalFeatures": ["TimeZone"]}
    assert find_differences("geo-places", "Geocode", ask_sandbox(location_server, "geocode", request)) == []
    assert find_differences("geo-places", "Suggest", ask_sandbox(location_server, "suggest", request)) == []


def test_places_near_a_position_have_the_shape_of_the_service(location_server: LocationServer) -> None:
    request = {"QueryPosition": [-87.62, 41.88], "MaxResults": 1, "AdditionalFeatures": ["TimeZone"]}
    answer = ask_sandbox(location_server, "reverse-geocode", request)
    assert find_differences("geo-places", "ReverseGeocode", answer) == []
    assert answer["ResultItems"][0]["Address"]["Locality"] == "Chicago"


@pytest.mark.parametrize(
    ("position", "zone"),
    [
        (BOSTON, "America/New_York"),
        (Coordinates(41.88, -87.62), "America/Chicago"),
        (Coordinates(43.65, -79.38), "America/Toronto"),
        (Coordinates(30.0, -40.0), None),
    ],
)
def test_find_time_zone_of_position(position: Coordinates, zone: str | None) -> None:
    assert amazon_client.find_time_zone(position) == zone


def test_routes_of_sandbox_have_the_shape_of_the_service(location_server: LocationServer) -> None:
    request = {"Origin": [-74, 40], "Destination": [-75, 41], "Waypoints": [{"Position": [-74.5, 40.5]}]}
    answer = ask_sandbox(location_server, "routes", request)
    assert find_differences("geo-routes", "CalculateRoutes", answer) == []
    assert len(answer["Routes"][0]["Legs"]) == 2


def test_find_differences_finds_unknown_missing_and_wrong_parts() -> None:
    item = {"PlaceId": "p", "PlaceType": "Planet", "Color": "blue", "Position": ["x", 1.0]}
    assert find_differences("geo-places", "Geocode", {"ResultItems": [item]}) == [
        "answer.ResultItems[].Color is unknown",
        "answer.ResultItems[].Title is missing",
        "answer.ResultItems[].PlaceType is 'Planet'",
        "answer.ResultItems[].Position[] is 'x'",
    ]


def test_geocode_finds_address_with_time_zone() -> None:
    (place,) = amazon_client.geocode(NEW_YORK)
    assert (place.label, place.timezone, place.is_exact) == (
        "11 Wall St, New York, NY 10005, United States",
        "America/New_York",
        True,
    )
    assert miles_between(Coordinates(place.latitude, place.longitude), Coordinates(40.7056, -74.0083)) < 2


def test_geocode_places_two_streets_of_a_zip_code_apart_and_the_same_street_always_alike() -> None:
    places = [amazon_client.geocode(f"{street}, New York, NY 10005")[0] for street in ("11 Wall St", "11 Pine St")]
    assert places[0].latitude != places[1].latitude
    assert amazon_client.geocode("11 wall st, New York, NY 10005")[0].latitude == places[0].latitude


def test_geocode_of_city_is_not_exact_and_of_unknown_address_is_empty() -> None:
    assert [place.is_exact for place in amazon_client.geocode("Boston, MA")] == [False]
    assert amazon_client.geocode("The old depot") == []


def test_geocode_of_ambiguous_city_finds_several_in_their_time_zones() -> None:
    zones = {place.timezone for place in amazon_client.geocode("Springfield")}
    assert {"America/Chicago", "America/New_York"} <= zones


def test_suggest_continues_what_was_typed() -> None:
    assert amazon_client.suggest("11 Wall St, New Y", None)[0].label == "11 Wall St, New York, NY, United States"


def test_calculate_legs_returns_one_leg_per_stop() -> None:
    stops = [Coordinates(40.0, -74.0), Coordinates(40.5, -74.5), Coordinates(41.0, -75.0)]
    legs = amazon_client.calculate_legs(stops)
    assert [leg.miles for leg in legs] == pytest.approx(
        [miles_between(stops[0], stops[1]) * 1.2, miles_between(stops[1], stops[2]) * 1.2], rel=0.01
    )
    assert [leg.driving_minutes for leg in legs] == [round(leg.miles / 55 * 60) for leg in legs]


def test_calculate_legs_over_an_ocean_raises_no_road() -> None:
    with pytest.raises(NoRoad):
        amazon_client.calculate_legs([BOSTON, LONDON])


@pytest.mark.parametrize("mode", ["error", "throttle", "malformed", "zero"])
def test_wrong_answer_raises_unavailable(mode: str, location_server: LocationServer) -> None:
    location_server.sandbox.set_mode(mode, 2)
    with pytest.raises(MapServiceUnavailable):
        amazon_client.geocode(NEW_YORK)
    with pytest.raises(MapServiceUnavailable):
        amazon_client.calculate_legs([BOSTON, Coordinates(41.0, -75.0)])


def test_find_time_zone_with_service_down_raises_unavailable(location_server: LocationServer) -> None:
    location_server.sandbox.set_mode("error", 1)
    with pytest.raises(MapServiceUnavailable):
        amazon_client.find_time_zone(BOSTON)


def test_words_in_an_address_choose_the_answer_of_its_request_only() -> None:
    with pytest.raises(MapServiceUnavailable):
        amazon_client.geocode("1 Sandbox Error St, Boston, MA")
    assert amazon_client.geocode("1 Sandbox Empty St, Boston, MA") == []
    assert amazon_client.geocode("1 Sandbox St, Boston, MA")


def test_answer_after_the_time_limit_raises_unavailable(
    location_server: LocationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon_client, "_READ_SECONDS", 0.2)
    monkeypatch.setattr(location_server.sandbox, "slow_seconds", 0.6)
    location_server.sandbox.set_mode("slow", 1)
    amazon_client.clear_clients()
    with pytest.raises(MapServiceUnavailable):
        amazon_client.geocode(NEW_YORK)
    amazon_client.clear_clients()


def test_service_is_left_alone_after_three_failures_in_a_row(location_server: LocationServer) -> None:
    location_server.sandbox.set_mode("error", 3)
    for _ in range(3):
        with pytest.raises(MapServiceUnavailable):
            amazon_client.geocode(NEW_YORK)
    requests = location_server.count_requests()
    with pytest.raises(MapServiceUnavailable, match="20 seconds"):
        amazon_client.geocode(NEW_YORK)
    assert location_server.count_requests() == requests


def test_unreachable_service_raises_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCATION_API_BASE", "http://127.0.0.1:9")
    amazon_client.clear_clients()
    with pytest.raises(MapServiceUnavailable):
        amazon_client.geocode(NEW_YORK)
    amazon_client.clear_clients()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A server that answers with recorded bodies, in their order."""
    bodies: list[bytes] = []

    class Recorded(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = bodies.pop(0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, message: str, *args: Any) -> None:
            """Print nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Recorded)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("LOCATION_API_BASE", f"http://127.0.0.1:{server.server_port}")
    amazon_client.clear_clients()
    yield bodies
    amazon_client.clear_clients()
    server.shutdown()
    server.server_close()


def test_documented_answers_are_read(recorded: list[bytes]) -> None:
    answers = (documented_answers.BRUSSELS, documented_answers.COFFEE_SHOP, documented_answers.NOTHING)
    recorded += [json.dumps(answer).encode() for answer in (*answers, documented_answers.SUGGESTIONS)]
    (city,), (shop,), nothing = (amazon_client.geocode("any") for _ in answers)
    assert (city.label, city.latitude, city.timezone, city.is_exact) == (
        "Brussel, België",
        50.84439,
        "Europe/Brussels",
        False,
    )
    assert (shop.longitude, shop.timezone, shop.is_exact, nothing) == (-123.12454, None, True, [])
    place, query = amazon_client.suggest("Bost", BOSTON)
    assert (place.label, place.timezone, query.label, query.latitude) == (
        "Boston, MA, United States",
        "America/New_York",
        "Boston Coach",
        None,
    )


def test_parts_by_road_and_ferry_are_one_leg(recorded: list[bytes]) -> None:
    recorded += [json.dumps(each).encode() for each in (documented_answers.FERRY_ROUTE, documented_answers.NO_ROUTE)]
    stops = [Coordinates(*each) for each in documented_answers.FERRY_POSITIONS]
    assert [(leg.miles, leg.driving_minutes) for leg in amazon_client.calculate_legs(stops)] == [
        (86.37, 158),
        (8.08, 20),
    ]
    with pytest.raises(NoRoad):
        amazon_client.calculate_legs(stops)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"ResultItems": null}', b'{"ResultItems": [{"Position": [500, 2]}]}'],
)
def test_body_of_another_form_raises_unavailable(body: bytes, recorded: list[bytes]) -> None:
    recorded += [body]
    with pytest.raises(MapServiceUnavailable):
        amazon_client.geocode("any")


def test_sandbox_requires_a_signature_of_the_service(location_server: LocationServer) -> None:
    response = httpx.post(f"{location_server.url}/v2/geocode", json={"QueryText": "Boston"})
    assert (response.status_code, response.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert location_sandbox.MAX_WAYPOINTS == amazon_client.MAX_POSITIONS - 2
