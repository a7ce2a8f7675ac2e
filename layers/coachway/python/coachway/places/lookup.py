"""Finds the places of addresses and the way between them, first among the kept answers, then at the map service.

It never raises an error of the map service: the result says what is missing. It takes at most a few seconds, however
many stops there are. Call it before a transaction, never inside one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from pydantic import TypeAdapter

from coachway.core.caller import Caller
from coachway.core.types.geo import Coordinates, RoadLeg
from coachway.places import amazon_client, kept_answers, rules
from coachway.places.amazon_client import MapServiceUnavailable, NoRoad
from coachway.places.model import Place
from coachway.places.rules import AddressMatch, LookupProblem

T = TypeVar("T")
Q = TypeVar("Q")
N = TypeVar("N", str, int)

_SECONDS: Final = 4.0
"""How long the addresses of a trip are looked up together, and how long its route is calculated."""
_THREADS: Final = 8
_PLACES: Final = TypeAdapter(list[Place])
_LEGS: Final = TypeAdapter(list[RoadLeg])


@dataclass(frozen=True, slots=True)
class RouteLookup:
    """The legs of a route; None if the service is unavailable, or if no road connects the stops."""

    legs: list[RoadLeg] | None
    has_no_road: bool = False


def find_candidates(caller: Caller, addresses: Iterable[str]) -> dict[str, list[Place] | None]:
    """Find the candidates of each address, best first. None if the service did not answer.

    One read, one request for each address that is not known yet, and one write.
    """
    questions = {address: f"geocode {rules.normalize_address(address)}" for address in addresses}
    if not questions:
        return {}
    kept = kept_answers.find_answers(caller.org_id, list(dict.fromkeys(questions.values())))
    found = {question: _PLACES.validate_json(answer) for question, answer in kept.items()}
    unknown = {question: address for address, question in questions.items() if question not in found}
    answered = _ask_all(amazon_client.geocode, unknown)
    for is_empty, retention in ((False, kept_answers.RETENTION), (True, kept_answers.RETENTION_OF_NOTHING)):
        answers = {question: places for question, places in answered.items() if (not places) is is_empty}
        _keep(caller, {question: _PLACES.dump_json(places).decode() for question, places in answers.items()}, retention)
    found |= answered
    return {address: found.get(question) for address, question in questions.items()}


def find_addresses(caller: Caller, addresses: Iterable[str]) -> dict[str, AddressMatch]:
    """Find the place of each address, or why there is none. See `find_candidates`."""
    return {
        address: AddressMatch(None, LookupProblem.UNAVAILABLE) if places is None else rules.choose_place(places)
        for address, places in find_candidates(caller, addresses).items()
    }


def find_time_zones(caller: Caller, positions: Sequence[Coordinates]) -> list[str | None]:
    """Find the time zone of each position; None if it is unknown. One read, and one write.

    Positions are rounded to a hundred yards.
    """
    questions = {position: f"zone {position.latitude:.3f},{position.longitude:.3f}" for position in positions}
    kept = kept_answers.find_answers(caller.org_id, list(dict.fromkeys(questions.values())))
    unknown = {question: position for position, question in questions.items() if question not in kept}
    answered = _ask_all(amazon_client.find_time_zone, unknown)
    found = {question: zone or "" for question, zone in answered.items()}
    _keep(caller, found, kept_answers.RETENTION)
    return [(kept | found).get(questions[position]) or None for position in positions]


def find_route(caller: Caller, positions: Sequence[Coordinates]) -> RouteLookup:
    """Find the way through 2 to 50 positions. One read, one or two requests, and one write."""
    question = "route " + " ".join(f"{each.latitude:.5f},{each.longitude:.5f}" for each in positions)
    kept = kept_answers.find_answers(caller.org_id, [question])
    if question in kept:
        return RouteLookup(_LEGS.validate_json(kept[question]))
    step = amazon_client.MAX_POSITIONS - 1
    parts = {start: positions[start : start + step + 1] for start in range(0, len(positions) - 1, step)}
    try:
        answered = _ask_all(amazon_client.calculate_legs, parts)
    except NoRoad:
        return RouteLookup(None, has_no_road=True)
    if len(answered) < len(parts):
        return RouteLookup(None)
    legs = [leg for start in sorted(answered) for leg in answered[start]]
    _keep(caller, {question: _LEGS.dump_json(legs).decode()}, kept_answers.RETENTION)
    return RouteLookup(legs)


def _ask_all(ask: Callable[[Q], T], questions: dict[N, Q]) -> dict[N, T]:
    """Ask all questions, several at a time. Those that are not answered in time are left out."""
    if len(questions) <= 1:
        return {name: answer for name, question in questions.items() for answer in _ask(ask, question)}
    from concurrent.futures import ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(min(_THREADS, len(questions)))
    futures = {name: pool.submit(_ask, ask, question) for name, question in questions.items()}
    wait(futures.values(), timeout=_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    return {
        name: answer
        for name, future in futures.items()
        if future.done() and not future.cancelled()
        for answer in future.result()
    }


def _ask(ask: Callable[[Q], T], question: Q) -> list[T]:
    """Return a list with the answer; an empty list if the service is unavailable."""
    try:
        return [ask(question)]
    except MapServiceUnavailable:
        return []


def _keep(caller: Caller, answers: dict[str, str], retention: timedelta) -> None:
    if answers:
        kept_answers.keep_answers(caller.org_id, answers, retention)
