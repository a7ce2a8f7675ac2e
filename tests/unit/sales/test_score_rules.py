"""The score of a lead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.sales.leads.rules import LeadSource
from coachway.sales.leads.score_rules import FreeVehicle, ScoredRequest, find_free_vehicles, score_request

TODAY = date(2027, 3, 1)
COACH, MINIBUS = FreeVehicle("coach", 56), FreeVehicle("minibus", 24)
BEST: dict[str, Any] = {
    "source": LeadSource.REFERRAL,
    "passengers": 48,
    "trip_date": TODAY + timedelta(days=30),
    "today": TODAY,
    "details": dict.fromkeys(("phone", "email", "pickup", "drop-off", "trip details"), True),
    "earlier_bookings": 3,
    "free_vehicles": [COACH, MINIBUS],
}


def points(**changes: Any) -> dict[str, int]:
    return {part.topic: part.points for part in score_request(ScoredRequest(**{**BEST, **changes}))}


def test_best_request_has_100_points() -> None:
    assert sum(points().values()) == 100


@pytest.mark.parametrize(
    ("changes", "topic", "expected"),
    [
        ({"source": LeadSource.WEB}, "source", 10),
        ({"passengers": 39}, "passengers", 15),
        ({"passengers": 9}, "passengers", 5),
        ({"passengers": None}, "passengers", 0),
        ({"trip_date": TODAY}, "lead_time", 5),
        ({"trip_date": TODAY + timedelta(days=7)}, "lead_time", 20),
        ({"trip_date": TODAY + timedelta(days=91)}, "lead_time", 12),
        ({"trip_date": TODAY - timedelta(days=1)}, "lead_time", 0),
        ({"trip_date": None}, "lead_time", 0),
        ({"details": {"phone": True, "email": False}}, "completeness", 3),
        ({"earlier_bookings": 1}, "earlier_bookings", 5),
        ({"earlier_bookings": None}, "earlier_bookings", 0),
        ({"passengers": 60}, "fleet", 10),
        ({"passengers": 81}, "fleet", 0),
        ({"passengers": None}, "fleet", 15),
        ({"free_vehicles": []}, "fleet", 0),
        ({"free_vehicles": None}, "fleet", 0),
        ({"trip_date": None}, "fleet", 0),
    ],
)
def test_points_of_a_topic(changes: dict[str, Any], topic: str, expected: int) -> None:
    assert points(**changes)[topic] == expected


def test_reasons_say_what_is_missing() -> None:
    parts = {part.topic: part.reason for part in score_request(ScoredRequest(**{**BEST, "details": {"phone": False}}))}
    assert parts["completeness"] == "Not known: phone."
    assert parts["fleet"] == "Free on that date: a coach with 56 seats."
    assert parts["lead_time"] == "30 days until the trip."


def test_committed_vehicles_are_the_largest_of_their_class() -> None:
    fleet = [COACH, FreeVehicle("coach", 40), MINIBUS]
    assert find_free_vehicles(fleet, {"coach": 1, "van": 2}) == [FreeVehicle("coach", 40), MINIBUS]
    assert find_free_vehicles(fleet, {"coach": 5}) == [MINIBUS]


@given(
    st.sampled_from(LeadSource),
    st.none() | st.integers(1, 10_000),
    st.none() | st.dates(),
    st.dictionaries(st.sampled_from("abcde"), st.booleans()),
    st.none() | st.integers(0, 100),
    st.none() | st.lists(st.sampled_from([COACH, MINIBUS])),
)
def test_score_is_from_0_to_100(
    source: LeadSource, passengers: Any, day: Any, details: Any, bookings: Any, free: Any
) -> None:
    request = ScoredRequest(source, passengers, day, TODAY, details, bookings, free)
    assert 0 <= sum(part.points for part in score_request(request)) <= 100
