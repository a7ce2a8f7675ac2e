"""Charters with vehicles of several classes."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings import charter_text
from coachway.bookings.charters import queries as charter_queries
from tests.integration.bookings.builders import (
    STAFF,
    charter_request,
    create_charter,
    create_organizations,
    send_request,
    set_status,
)

COACH_AND_MINIBUSES = [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}]


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def mixed_request(**fields: Any) -> dict[str, Any]:
    request = charter_request(vehicle_groups=COACH_AND_MINIBUSES, passengers=100, **fields)
    for name in ("vehicle_class", "vehicle_count"):
        request.pop(name)
    return request


def create_mixed_charter(**fields: Any) -> dict[str, Any]:
    reply = send_request("POST", "/charters", mixed_request(**fields))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def update(charter: dict[str, Any], **fields: Any) -> Any:
    return send_request("PUT", f"/charters/{charter['id']}", fields)


def list_vehicles(charter: dict[str, Any]) -> tuple[Any, ...]:
    groups = [(group["vehicle_class"], group["count"]) for group in charter["vehicle_groups"]]
    return charter["vehicle_class"], charter["vehicle_count"], groups


MIXED = ("coach", 3, [("coach", 1), ("minibus", 2)])


def test_charter_is_priced_for_each_class() -> None:
    charter = create_mixed_charter()
    assert list_vehicles(charter) == MIXED
    assert charter["passengers_per_vehicle"] == {"coach": 45, "minibus": 28}
    labels = [(line["public_label"], line["amount"]) for line in charter["quote"]["lines"]]
    assert labels[:4] == [
        ("Base price (Coach)", 350),
        ("Mileage (Coach)", 325),
        ("Base price (2 × Minibus)", 700),
        ("Mileage (2 × Minibus)", 650),
    ]
    assert charter["quote"]["warnings"] == []
    stored = send_request("GET", f"/charters/{charter['id']}").json()
    assert list_vehicles(stored) == MIXED
    text = charter_text.describe_trip(charter_queries.get_charter(STAFF, charter["id"]))
    assert [(fact.label, fact.value) for fact in text][1] == ("Vehicles", "Coach, 2 × Minibus")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"vehicle_groups": [*COACH_AND_MINIBUSES, {"vehicle_class": "coach", "count": 1}]}, "vehicle_groups"),
        ({"vehicle_groups": [{"vehicle_class": "coach", "count": 101}]}, "vehicle_groups.0.count"),
        ({"vehicle_groups": [{"vehicle_class": "coach"}]}, "vehicle_groups.0.count"),
        ({"vehicle_groups": [{"vehicle_class": "coach", "count": 1, "seats": 3}]}, "vehicle_groups.0.seats"),
        ({"vehicle_groups": "coach"}, "vehicle_groups"),
        ({"vehicle_groups": COACH_AND_MINIBUSES, "vehicle_count": 5}, "vehicle_count"),
        ({"vehicle_groups": COACH_AND_MINIBUSES, "vehicle_class": "minibus"}, "vehicle_class"),
        ({"vehicle_groups": []}, "vehicle_class"),
    ],
)
def test_contradictory_vehicles_return_422_with_the_field(fields: dict[str, Any], field: str) -> None:
    reply = send_request("POST", "/charters", {**mixed_request(), **fields})
    assert (reply.status, [error["field"] for error in reply.json()["errors"]]) == (422, [field])


def test_one_group_is_stored_as_a_class_and_a_number() -> None:
    charter = create_mixed_charter()
    changed = update(charter, vehicle_groups=[{"vehicle_class": "minibus", "count": 4}])
    assert (changed.status, list_vehicles(changed.json())) == (200, ("minibus", 4, []))
    assert changed.json()["passengers_per_vehicle"] == {}


def test_update_replaces_groups_and_prices_again() -> None:
    charter = create_mixed_charter()
    two_coaches = [{"vehicle_class": "coach", "count": 2}, {"vehicle_class": "van", "count": 1}]
    changed = update(charter, vehicle_groups=two_coaches).json()
    assert list_vehicles(changed) == ("coach", 3, [("coach", 2), ("van", 1)])
    assert changed["passengers_per_vehicle"] == {"coach": 45, "van": 12}
    assert changed["revision_number"] == 2
    fewer = update(charter, passengers=50).json()
    assert fewer["passengers_per_vehicle"] == {"coach": 23, "van": 6}
    single = update(charter, vehicle_groups=[]).json()
    assert list_vehicles(single) == ("coach", 3, [])
    again = update(charter, vehicle_count=2).json()
    assert list_vehicles(again) == ("coach", 2, [])
    assert again["quote"]["lines"][0]["vehicle_class"] is None
    mixed = update(charter, vehicle_groups=COACH_AND_MINIBUSES).json()
    assert list_vehicles(mixed) == MIXED


def test_update_of_the_same_groups_changes_nothing() -> None:
    charter = create_mixed_charter()
    same = update(charter, vehicle_groups=COACH_AND_MINIBUSES)
    assert (same.status, same.json()["revision_number"]) == (200, 1)


@pytest.mark.parametrize("fields", [{"vehicle_count": 2}, {"vehicle_class": "minibus"}])
def test_update_of_the_class_or_number_of_a_mixed_charter_returns_422(fields: dict[str, Any]) -> None:
    charter = create_mixed_charter()
    reply = update(charter, **fields)
    assert (reply.status, [error["field"] for error in reply.json()["errors"]]) == (422, [*fields])
    assert update(charter, notes="Two strollers").status == 200


def test_groups_are_fixed_once_booked() -> None:
    charter = create_mixed_charter()
    assert set_status(charter["id"], "booked").status == 200
    reply = update(charter, vehicle_groups=[{"vehicle_class": "coach", "count": 2}])
    assert (reply.status, reply.json()["code"]) == (409, "change_case_required")
    assert "vehicle_groups" in {error["field"] for error in reply.json()["errors"]}


def test_clone_and_series_keep_the_groups() -> None:
    charter = create_mixed_charter()
    copy = send_request("POST", f"/charters/{charter['id']}/clone", {})
    assert (copy.status, list_vehicles(copy.json())) == (201, MIXED)
    assert copy.json()["quote"]["total"] == charter["quote"]["total"]
    query = {"recurrence_rule": "weekly", "instance_count": "2"}
    series = send_request("POST", "/charters/recurring", mixed_request(), query=query)
    assert series.status == 201, series.text
    assert all(list_vehicles(each) == MIXED for each in series.json()["items"])


def test_too_few_seats_of_all_classes_block_sending() -> None:
    charter = create_charter(**{**mixed_request(), "passengers": 127, "vehicle_class": "coach", "vehicle_count": 3})
    assert [warning["code"] for warning in charter["quote"]["warnings"]] == ["too_few_seats"]
    assert charter["passengers_per_vehicle"] == {"coach": 57, "minibus": 36}
