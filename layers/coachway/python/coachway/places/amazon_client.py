"""The port to the map service: Amazon Location Service v2 (`geo-places`, `geo-routes`).

Each request has one attempt and short timeouts: a quote must not wait for a map. After three failures in a row the
service is left alone for 20 seconds. botocore's clients are created with the first request, because most requests of a
function do not need them.
"""

import os
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from coachway.core import errors
from coachway.core.runtime.logging import logger
from coachway.core.types.geo import METERS_PER_MILE, Coordinates, RoadLeg, is_unknown
from coachway.core.types.time_zones import is_time_zone
from coachway.places import rules
from coachway.places.amazon_answers import FoundPlace, GeocodeAnswer, RouteLegAnswer, RoutesAnswer, SuggestAnswer
from coachway.places.model import Place, Suggestion

A = TypeVar("A", GeocodeAnswer, SuggestAnswer, RoutesAnswer)

MAX_CANDIDATES: Final = 5
MAX_POSITIONS: Final = 25
"""The most positions in one route: origin, destination and 23 waypoints."""
_CONNECT_SECONDS: Final = 1.0
_READ_SECONDS: Final = 2.0
_MAX_QUERY_LENGTH: Final = 200
_FAILURES_IN_A_ROW: Final = 3
_PAUSE_SECONDS: Final = 20.0
_COACH: Final = {"Height": 380, "Length": 1370, "Width": 260, "GrossWeight": 24_000, "TruckType": "StraightTruck"}
"""A coach of 45 feet, in centimeters and kilograms: parkways with low bridges are closed to it, as to trucks."""


class MapServiceUnavailable(errors.UpstreamUnavailable):
    """The map service failed, did not respond in time, or sent an answer that cannot be right."""


class NoRoad(Exception):
    """No road connects the positions."""


class _Health:
    """How often the service failed in a row, in this process."""

    def __init__(self) -> None:
        self.failures, self.paused_until = 0, 0.0

    def require_not_paused(self) -> None:
        if time.monotonic() < self.paused_until:
            raise MapServiceUnavailable("The map service failed several times. Retry in 20 seconds.")

    def record(self, *, is_failure: bool) -> None:
        self.failures = self.failures + 1 if is_failure else 0
        if self.failures >= _FAILURES_IN_A_ROW:
            self.failures, self.paused_until = 0, time.monotonic() + _PAUSE_SECONDS


_health = _Health()


def clear_health() -> None:
    """Forget past failures, as in a new process."""
    _health.failures, _health.paused_until = 0, 0.0


def clear_clients() -> None:
    """Forget the clients, which keep the address of the service."""
    _client.cache_clear()


def geocode(address: str) -> list[Place]:
    """Find the places of an address, best first; none if it is unknown. Raises MapServiceUnavailable."""
    answer = _request(
        GeocodeAnswer,
        "geo-places",
        "geocode",
        QueryText=address[:_MAX_QUERY_LENGTH],
        MaxResults=MAX_CANDIDATES,
        AdditionalFeatures=["TimeZone"],
        IntendedUse="Storage",  # the coordinates are kept
    )
    if any(item.coordinates is not None and is_unknown(item.coordinates) for item in answer.result_items):
        raise _unusable_answer("geocode")
    return [place for item in answer.result_items if (place := _to_place(item)) is not None]


def find_time_zone(position: Coordinates) -> str | None:
    """Find the time zone of a position; None if it is unknown, as at sea. Raises MapServiceUnavailable."""
    answer = _request(
        GeocodeAnswer,
        "geo-places",
        "reverse_geocode",
        QueryPosition=[position.longitude, position.latitude],
        MaxResults=1,
        AdditionalFeatures=["TimeZone"],
        IntendedUse="Storage",
    )
    zones = (_to_time_zone(item) for item in answer.result_items)
    return next((zone for zone in zones if zone is not None), None)


def suggest(query: str, near: Coordinates | None) -> list[Suggestion]:
    """Suggest addresses that continue a text. Raises MapServiceUnavailable."""
    bias = {"BiasPosition": [near.longitude, near.latitude]} if near else {}
    answer = _request(
        SuggestAnswer,
        "geo-places",
        "suggest",
        QueryText=query[:_MAX_QUERY_LENGTH],
        MaxResults=MAX_CANDIDATES,
        AdditionalFeatures=["Core", "TimeZone"],
        **bias,
    )
    suggestions = []
    for item in answer.result_items:
        place = _to_place(item.place) if item.place else None
        position = {"latitude": place.latitude, "longitude": place.longitude} if place else {}
        label = (item.place and item.place.label) or item.title
        suggestions.append(Suggestion(label=label, timezone=place.timezone if place else None, **position))
    return suggestions


def calculate_legs(positions: Sequence[Coordinates]) -> list[RoadLeg]:
    """Calculate the way of a coach through up to 25 positions. Raises MapServiceUnavailable, or NoRoad."""
    origin, *waypoints, destination = ([each.longitude, each.latitude] for each in positions)
    answer = _request(
        RoutesAnswer,
        "geo-routes",
        "calculate_routes",
        Origin=origin,
        Destination=destination,
        **({"Waypoints": [{"Position": each} for each in waypoints]} if waypoints else {}),
        TravelMode="Truck",
        TravelModeOptions={"Truck": _COACH},
        LegAdditionalFeatures=["Summary"],
        LegGeometryFormat="FlexiblePolyline",  # the shortest
    )
    if not answer.routes:
        raise NoRoad
    legs = _join_legs(answer.routes[0].legs, len(positions) - 1)
    if not rules.is_plausible_route(positions, legs):
        raise _unusable_answer("calculate_routes")
    return legs


def _join_legs(parts: Sequence[RouteLegAnswer], number: int) -> list[RoadLeg]:
    """Return one leg from each stop to the next, of parts by road and by ferry."""
    legs, distance, duration = list[RoadLeg](), 0.0, 0.0
    for part in parts:
        if part.summary is None:
            raise _unusable_answer("calculate_routes")
        distance += part.summary.distance
        duration += part.summary.duration
        if part.ends_at_waypoint or part is parts[-1] or len(parts) == number:
            legs.append(RoadLeg(miles=round(distance / METERS_PER_MILE, 2), driving_minutes=round(duration / 60)))
            distance, duration = 0.0, 0.0
    return legs


def _to_place(found: FoundPlace) -> Place | None:
    """Return the place; None if it has no position, or is a state or a country."""
    coordinates = found.coordinates
    if coordinates is None or is_unknown(coordinates) or found.is_vague or not found.label:
        return None
    return Place(
        label=found.label,
        latitude=coordinates.latitude,
        longitude=coordinates.longitude,
        timezone=_to_time_zone(found),
        is_exact=found.is_exact,
        score=found.match_scores.overall,
    )


def _to_time_zone(found: FoundPlace) -> str | None:
    zone = found.time_zone.name if found.time_zone else ""
    return zone if is_time_zone(zone) else None


def _request(answer_type: type[A], service: str, operation: str, **parameters: Any) -> A:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    _health.require_not_paused()
    try:
        response = getattr(_client(service), operation)(**parameters)
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        _health.record(is_failure=status >= 500 or status == 429)
        logger.warning("The map service refused a request", extra={"operation": operation, "code": code})
        raise MapServiceUnavailable(f"The map service returned {status}. Retry later.") from error
    # botocore's parser raises the last two for JSON of another form.
    except (BotoCoreError, ResponseParserError, AttributeError, TypeError) as error:
        _health.record(is_failure=True)
        logger.warning("The map service failed", extra={"operation": operation, "error": type(error).__name__})
        raise MapServiceUnavailable(f"The map service did not respond ({type(error).__name__}).") from error
    _health.record(is_failure=False)
    try:
        return answer_type.model_validate(response)
    except ValidationError as error:
        raise _unusable_answer(operation) from error


def _unusable_answer(operation: str) -> MapServiceUnavailable:
    logger.warning("The answer of the map service is unusable", extra={"operation": operation})
    return MapServiceUnavailable("The map service sent an answer that cannot be right. Retry later.")


@cache
def _client(service: str) -> Any:
    import botocore.session
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1},
        max_pool_connections=10,
    )
    base = os.environ.get("LOCATION_API_BASE") or None
    return botocore.session.get_session().create_client(service, config=config, endpoint_url=base)
