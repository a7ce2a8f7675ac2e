"""The vehicles of a trip: of one class, or of several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.core.trip_vehicles import TripVehicles, VehicleGroup, count_vehicles, divide_passengers
from coachway.core.types.vehicle_classes import DEFAULT_SEATS

COACH, MINIBUSES = {"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}


def build_groups(**counts: int) -> list[VehicleGroup]:
    return [VehicleGroup(vehicle_class=name, count=count) for name, count in counts.items()]


def test_groups_give_the_class_and_the_number_of_all_vehicles() -> None:
    vehicles = TripVehicles.model_validate({"vehicle_groups": [COACH, MINIBUSES]})
    assert (vehicles.vehicle_class, vehicles.vehicle_count) == ("coach", 3)
    assert [vehicles.get_vehicle_class(number) for number in (1, 2, 3)] == ["coach", "minibus", "minibus"]
    assert vehicles.list_groups() == build_groups(coach=1, minibus=2)
    assert TripVehicles.model_validate(vehicles.model_dump()) == vehicles


def test_one_group_is_the_same_as_a_class_and_a_number() -> None:
    vehicles = TripVehicles.model_validate({"vehicle_groups": [MINIBUSES]})
    assert vehicles.model_dump() == {"vehicle_class": "minibus", "vehicle_count": 2, "vehicle_groups": []}
    assert vehicles.list_groups() == build_groups(minibus=2)
    assert vehicles.get_vehicle_class(2) == "minibus"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "vehicle_class: is required without vehicle_groups"),
        ({"vehicle_groups": []}, "vehicle_class: is required without vehicle_groups"),
        ({"vehicle_groups": [COACH, COACH]}, "vehicle_groups: must have each class once"),
        (
            {"vehicle_groups": [COACH, {"vehicle_class": "COACH ", "count": 2}]},
            "vehicle_groups: must have each class once",
        ),
        (
            {"vehicle_groups": [COACH, {"vehicle_class": "minibus", "count": 100}]},
            "vehicle_groups: must be at most 100 vehicles together",
        ),
        ({"vehicle_class": "minibus", "vehicle_groups": [COACH, MINIBUSES]}, "vehicle_class: omit it, or send coach"),
        ({"vehicle_count": 2, "vehicle_groups": [COACH, MINIBUSES]}, "vehicle_count: omit it, or send 3"),
        ({"vehicle_groups": [{"vehicle_class": "coach", "count": 0}]}, "greater than or equal to 1"),
        ({"vehicle_groups": [{"vehicle_class": "two words", "count": 1}]}, "match pattern"),
        ({"vehicle_groups": [{"vehicle_class": f"class{n}", "count": 1} for n in range(11)]}, "at most 10 items"),
    ],
)
def test_contradictory_vehicles_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TripVehicles.model_validate(fields)


@pytest.mark.parametrize(
    ("groups", "passengers", "needed"),
    [
        ({"coach": 1, "minibus": 1}, 91, {"coach": 56, "minibus": 35}),
        ({"coach": 1, "minibus": 1}, 80, {"coach": 50, "minibus": 31}),
        ({"coach": 2, "minibus": 1}, 1, {"coach": 1, "minibus": 1}),
        ({"coach": 1, "sedan": 2}, 62, {"coach": 56, "sedan": 3}),
        ({"coach": 1, "rickshaw": 2}, 62, {"coach": 21, "rickshaw": 21}),
    ],
    ids=["every seat", "in proportion", "one passenger", "small vehicles", "unknown seats"],
)
def test_divide_passengers(groups: dict[str, int], passengers: int, needed: dict[str, int]) -> None:
    assert divide_passengers(build_groups(**groups), passengers, DEFAULT_SEATS) == needed


@given(
    st.dictionaries(st.sampled_from(sorted(DEFAULT_SEATS)), st.integers(1, 20), min_size=1, max_size=5),
    st.integers(1, 5000),
)
def test_divide_passengers_seats_everyone_and_exceeds_no_class_that_has_enough_seats(
    counts: dict[str, int], passengers: int
) -> None:
    groups = build_groups(**counts)
    needed = divide_passengers(groups, passengers, DEFAULT_SEATS)
    assert sum(needed[group.vehicle_class] * group.count for group in groups) >= passengers
    if sum(DEFAULT_SEATS[group.vehicle_class] * group.count for group in groups) >= passengers:
        assert all(needed[name] <= DEFAULT_SEATS[name] for name in counts)
    if len(counts) == 1:
        (count,) = counts.values()
        assert [*needed.values()] == [-(-passengers // count)]


@given(st.dictionaries(st.sampled_from(sorted(DEFAULT_SEATS)), st.integers(1, 20), min_size=2, max_size=5))
def test_every_vehicle_has_the_class_of_its_group(counts: dict[str, int]) -> None:
    groups = build_groups(**counts)
    vehicles = TripVehicles(vehicle_groups=groups)
    classes = [vehicles.get_vehicle_class(number) for number in range(1, count_vehicles(groups) + 1)]
    assert classes == [name for name, count in counts.items() for _ in range(count)]
