"""A sandbox of Amazon Location Service v2 (`geo-places`, `geo-routes`), as botocore calls it.

    POST /v2/suggest           addresses that continue a text
    POST /v2/geocode           the position and time zone of an address
    POST /v2/reverse-geocode   the ZIP code or city near a position, with its time zone
    POST /v2/routes            the way between positions: 1.2 times the straight line, at 55 miles an hour
    POST /behave {"mode": "ok" | "error" | "throttle" | "slow" | "malformed" | "empty" | "zero", "times": 1}
    GET  /requests             how many requests of each path were answered

`error` returns 500, `throttle` 429, `slow` responds too late, `malformed` is not JSON, `empty` finds nothing, and
`zero` finds the position 0, 0. An address that contains `sandbox` and one of these words, such as `1 Sandbox Error St,
Boston, MA`, does the same for its request only. Its places are in `location_data`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final
from zoneinfo import ZoneInfo

from infra.local.sandboxes import location_data
from infra.local.sandboxes.location_data import KnownPlace

MODES: Final = ("error", "throttle", "slow", "malformed", "empty", "zero")
SLOW_SECONDS: Final = 10.0
ROAD_FACTOR: Final = 1.2
METERS_PER_SECOND: Final = 55 * 1609.344 / 3600
LONGEST_ROAD_METERS: Final = 5_000_000
"""There is no road between positions that are farther apart: an ocean is between them."""
MAX_WAYPOINTS: Final = 23
_MAX_SUGGESTIONS: Final = 20
_EARTH_METERS: Final = 6_371_008.8


class Sandbox:
    """The behavior of the next requests, and how many were answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mode, self._times = "ok", 0
        self.slow_seconds = SLOW_SECONDS
        self.requests: Counter[str] = Counter()

    def set_mode(self, mode: str, times: int) -> None:
        with self._lock:
            self._mode, self._times = mode, times

    def next_mode(self, path: str, query: str) -> str:
        with self._lock:
            self.requests[path] += 1
            if self._times > 0:
                self._times -= 1
                return self._mode
        words = query.casefold().split()
        return next((mode for mode in MODES if "sandbox" in words and mode in words), "ok")


class InvalidRequest(Exception):
    """The request does not have the form that the service requires: (field, what is wrong)."""


def answer_geocode(request: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The answer of `Geocode`."""
    query = _require_query(request)
    places = [] if mode == "empty" else location_data.find_places(query)
    items = [_describe_place(each, _wants_time_zone(request)) for each in places[: request.get("MaxResults", 20)]]
    for item in items:
        if mode == "zero":
            item["Position"] = [0.0, 0.0]
    return {"ResultItems": items}


def answer_reverse_geocode(request: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The answer of `ReverseGeocode`."""
    position: Any = request.get("QueryPosition")
    if not _is_position(position):
        raise InvalidRequest("QueryPosition", "must be [longitude, latitude]")
    place = None if mode == "empty" else location_data.find_nearest(position[1], position[0])
    if place is None:
        return {"ResultItems": []}
    item = _describe_place(place, _wants_time_zone(request))
    del item["MatchScores"]
    return {"ResultItems": [item]}


def answer_suggest(request: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The answer of `Suggest`."""
    query = _require_query(request)
    limit = int(request.get("MaxResults", 20))
    places = [] if mode == "empty" else location_data.suggest_places(query, _MAX_SUGGESTIONS)
    bias: Any = request.get("BiasPosition")
    if _is_position(bias):
        places.sort(key=lambda place: _meters_between([place.longitude, place.latitude], bias))
    items = []
    for place in places[:limit]:
        described = _describe_place(place, _wants_time_zone(request))
        details = {name: described[name] for name in ("PlaceId", "PlaceType", "Address", "Position", "TimeZone")}
        if mode == "zero":
            details["Position"] = [0.0, 0.0]
        items.append({"Title": described["Title"], "SuggestResultItemType": "Place", "Place": details})
    return {"ResultItems": items, "QueryRefinements": []}


def answer_routes(request: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The answer of `CalculateRoutes`: one route, or none if no road connects the positions."""
    waypoints = [each["Position"] for each in request.get("Waypoints", [])]
    if len(waypoints) > MAX_WAYPOINTS:
        raise InvalidRequest("Waypoints", f"must have at most {MAX_WAYPOINTS} members")
    positions = [request.get("Origin"), *waypoints, request.get("Destination")]
    for position in positions:
        if not _is_position(position):
            raise InvalidRequest("Origin", "must be [longitude, latitude]")
    lines = [_meters_between(*pair) for pair in pairwise(positions)]
    answer: dict[str, Any] = {"LegGeometryFormat": "FlexiblePolyline", "Notices": [], "Routes": []}
    if mode == "empty" or max(lines) > LONGEST_ROAD_METERS:
        return answer
    legs = [_describe_leg(start, end, line) for (start, end), line in zip(pairwise(positions), lines, strict=True)]
    for index, leg in enumerate(legs[:-1]):
        leg["VehicleLegDetails"]["Arrival"]["Place"]["WaypointIndex"] = index
    summaries = [leg["VehicleLegDetails"]["Summary"]["Overview"] for leg in legs]
    total = {name: sum(summary[name] for summary in summaries) for name in ("Distance", "Duration")}
    if mode == "zero":
        for summary in (total, *summaries):
            summary.update(Distance=0, Duration=0)
    answer["Routes"] = [{"Legs": legs, "MajorRoadLabels": [], "Summary": total}]
    return answer


ANSWERS: Final = {
    "/v2/geocode": answer_geocode,
    "/v2/reverse-geocode": answer_reverse_geocode,
    "/v2/suggest": answer_suggest,
    "/v2/routes": answer_routes,
}


def _require_query(request: Mapping[str, Any]) -> str:
    query = request.get("QueryText")
    if not isinstance(query, str) or not 1 <= len(query) <= 200:
        raise InvalidRequest("QueryText", "must have a length of 1 to 200")
    return query


def _wants_time_zone(request: Mapping[str, Any]) -> bool:
    return "TimeZone" in request.get("AdditionalFeatures", [])


def _describe_place(place: KnownPlace, with_time_zone: bool) -> dict[str, Any]:
    address: dict[str, Any] = {
        "Label": place.label,
        "Country": {"Code2": place.country[:2], "Code3": place.country, "Name": place.country},
        "Region": {"Code": place.state, "Name": place.state_name},
        "Locality": place.city,
        "PostalCode": place.zip_code,
        "Street": place.street,
        "AddressNumber": place.number,
    }
    described = {
        "PlaceId": sha256(place.label.encode()).hexdigest(),
        "PlaceType": place.place_type,
        "Title": place.label,
        "Address": {name: value for name, value in address.items() if value},
        "Position": [place.longitude, place.latitude],
        "MatchScores": {"Overall": place.score, "Components": {"Address": {"Locality": place.score}}},
        "TimeZone": None,
    }
    if with_time_zone:
        offset = datetime.now(UTC).astimezone(ZoneInfo(place.timezone)).utcoffset()
        seconds = int(offset.total_seconds()) if offset else 0
        sign = "-" if seconds < 0 else "+"
        text = f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"
        described["TimeZone"] = {"Name": place.timezone, "Offset": text, "OffsetSeconds": seconds}
    return described


def _describe_leg(start: Sequence[float], end: Sequence[float], line: float) -> dict[str, Any]:
    meters = round(line * ROAD_FACTOR)
    summary = {"Distance": meters, "Duration": round(meters / METERS_PER_SECOND)}
    places = [{"Place": {"OriginalPosition": list(each), "Position": list(each)}} for each in (start, end)]
    empty_lists = ("AfterTravelSteps", "Incidents", "Notices", "PassThroughWaypoints", "Spans", "Tolls")
    more_lists = ("TollSystems", "TravelSteps", "TruckRoadTypes", "Zones")
    return {
        "Geometry": {"Polyline": ""},
        "TravelMode": "Truck",
        "Type": "Vehicle",
        "VehicleLegDetails": {
            **{name: [] for name in (*empty_lists, *more_lists)},
            "Departure": places[0],
            "Arrival": places[1],
            "Summary": {"Overview": summary, "TravelOnly": {"Duration": summary["Duration"]}},
        },
    }


def _is_position(position: Any) -> bool:
    return (
        isinstance(position, list)
        and len(position) == 2
        and all(isinstance(each, int | float) for each in position)
        and abs(position[0]) <= 180
        and abs(position[1]) <= 90
    )


def _meters_between(start: Sequence[float], end: Sequence[float]) -> float:
    north, south = radians(start[1]), radians(end[1])
    chord = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(end[0] - start[0]) / 2) ** 2
    return 2 * _EARTH_METERS * asin(min(1.0, sqrt(chord)))


class Handler(BaseHTTPRequestHandler):
    """One request."""

    sandbox: Sandbox
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path in {"/", "/requests"}:
            self._respond(200, dict(self.sandbox.requests))
        else:
            self._respond_error(404, "ResourceNotFoundException", "The path does not exist.")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/behave":
            mode = json.loads(body)
            self.sandbox.set_mode(mode["mode"], mode.get("times", 1))
            self._respond(200, mode)
            return
        if self.path not in ANSWERS:
            self._respond_error(404, "ResourceNotFoundException", "The path does not exist.")
            return
        if not self._is_signed():
            self._respond_error(403, "AccessDeniedException", "The request is not signed for this service.")
            return
        request = json.loads(body)
        mode = self.sandbox.next_mode(self.path, str(request.get("QueryText", "")))
        if not self._fail(mode):
            self._answer(request, mode)

    def _answer(self, request: Mapping[str, Any], mode: str) -> None:
        try:
            answer = ANSWERS[self.path](request, mode)
        except InvalidRequest as error:
            field, message = error.args
            self._respond_error(400, "ValidationException", f"{field} {message}", field)
        else:
            self._respond(200, answer)

    def _fail(self, mode: str) -> bool:
        """Send the failure of a mode; False if the mode is not a failure."""
        if mode == "error":
            self._respond_error(500, "InternalServerException", "The request processing has failed.")
        elif mode == "throttle":
            self._respond_error(429, "ThrottlingException", "The request was denied due to request throttling.")
        elif mode == "malformed":
            self._send(200, b'{"ResultItems": [{"Place')
        elif mode == "slow":
            time.sleep(self.sandbox.slow_seconds)
            self.close_connection = True
        else:
            return False
        return True

    def _is_signed(self) -> bool:
        """Whether the request has the form of a signature (AWS SigV4) for the service of its path."""
        service = "geo-routes" if self.path == "/v2/routes" else "geo-places"
        header = self.headers.get("Authorization") or ""
        return header.startswith("AWS4-HMAC-SHA256 Credential=") and f"/{service}/aws4_request" in header

    def _respond(self, status: int, content: object) -> None:
        self._send(status, json.dumps(_without_none(content)).encode())

    def _respond_error(self, status: int, code: str, message: str, field: str = "") -> None:
        content: dict[str, Any] = {"message": message}
        if field:
            content |= {"reason": "FieldValidationFailed", "fieldList": [{"name": field, "message": message}]}
        self._send(status, json.dumps(content).encode(), code)

    def _send(self, status: int, body: bytes, error: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-geo-pricing-bucket", "Core")
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, message: str, *args: Any) -> None:
        sys.stderr.write(f"{self.log_date_time_string()} {message % args}\n")


def _without_none(content: object) -> object:
    if isinstance(content, dict):
        return {name: _without_none(value) for name, value in content.items() if value is not None}
    return [_without_none(each) for each in content] if isinstance(content, list) else content


def create_server(port: int, host: str = "127.0.0.1", *, handler: type[Handler] = Handler) -> ThreadingHTTPServer:
    """A server that is not serving yet: call `serve_forever`."""
    server = ThreadingHTTPServer((host, port), type("BoundHandler", (handler,), {"sandbox": Sandbox()}))
    server.daemon_threads = True  # a request that is slow on purpose does not delay the end
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description="A sandbox of Amazon Location Service v2.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    location_data.load()
    create_server(options.port, options.host).serve_forever()


if __name__ == "__main__":
    main()
