"""The utilization of the fleet through its route, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.persistence.table import call_stats
from coachway.dispatch.calendars import fleet_utilization
from coachway.dispatch.calendars.fleet_utilization import UtilizationQuery
from coachway.dispatch.downtimes import service as downtimes
from coachway.dispatch.downtimes.model import DowntimeInput
from coachway.dispatch.holds import placement
from coachway.dispatch.holds.model import HoldInput
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.calendar_builders import get_ok, send_request

MARCH = {"date_from": "2027-03-01", "date_to": "2027-03-07"}
PARTS = ("hours_booked", "hours_down", "hours_held", "hours_free")


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def list_hours(used: dict[str, Any]) -> list[float]:
    return [used[name] for name in PARTS]


def test_utilization_divides_the_hours_of_each_vehicle() -> None:
    booked, down, held = (builders.create_vehicle(f"Coach {n}") for n in range(3))
    shop = builders.create_vehicle("Bus 1", vehicle_class="minibus", status="maintenance")
    builders.create_vehicle("Old 1", status="retired")
    builders.create_assignment(builders.create_trip(), builders.create_driver(), booked)
    days = DowntimeInput.model_validate({"first_day": "2027-03-06", "last_day": "2027-03-20"})
    downtimes.add_downtime(builders.SYSTEM, down, days)
    quote = str(booking_builders.create_charter()["id"])
    placement.hold_vehicles(builders.SYSTEM, quote, HoldInput(vehicle_ids=[held]))
    report = get_ok("/fleet/utilization", query=MARCH)
    week = 7 * 24
    assert {each["vehicle_id"]: list_hours(each) for each in report["vehicles"]} == {
        shop: [0, week, 0, 0],
        booked: [3, 0, 0, week - 3],
        down: [0, 48, 0, week - 48],
        held: [0, 0, 3, week - 3],
    }
    assert [(each["vehicle_class"], each["vehicles"], list_hours(each)) for each in report["classes"]] == [
        ("coach", 3, [3, 48, 3, 3 * week - 54]),
        ("minibus", 1, [0, week, 0, 0]),
    ]
    assert list_hours(report["fleet"]) == [3, week + 48, 3, 3 * week - 54]
    percentages = {each["vehicle_id"]: each["utilization_percentage"] for each in report["vehicles"]}
    assert percentages == {shop: None, booked: round(300 / week, 1), down: 0.0, held: 0.0}
    (row,) = [each for each in report["vehicles"] if each["vehicle_id"] == booked]
    assert [list_hours(each)[0] for each in row["days"]] == [0, 0, 3, 0, 0, 0, 0]


def test_utilization_divides_a_trip_at_midnight_and_counts_the_hours_of_the_clock() -> None:
    coach = builders.create_vehicle()
    trip = builders.create_trip(day="2027-03-13", departure="22:00", hours=5)
    builders.create_assignment(trip, builders.create_driver(), coach)
    query = {"date_from": "2027-03-13", "date_to": "2027-03-14"}  # the clocks go forward on the 14th
    (row,) = get_ok("/fleet/utilization", query=query)["vehicles"]
    assert [list_hours(each) for each in row["days"]] == [[2, 0, 0, 22], [3, 0, 0, 20]]


def test_utilization_filters_by_class_and_takes_three_calls() -> None:
    coach, _ = builders.create_vehicle(), builders.create_vehicle("Bus 1", vehicle_class="minibus")
    query = UtilizationQuery.model_validate({**MARCH, "vehicle_class": "coach"})
    before = call_stats.calls
    report = fleet_utilization.get_fleet_utilization(builders.SYSTEM, query)
    assert call_stats.calls - before == 3
    assert [each.vehicle_id for each in report.vehicles] == [coach]


def test_utilization_of_no_vehicles_is_empty() -> None:
    report = get_ok("/fleet/utilization")
    assert (report["vehicles"], report["classes"], report["fleet"]["utilization_percentage"]) == ([], [], None)


@pytest.mark.parametrize(
    "query",
    [
        {"date_from": "2027-03-01", "date_to": "2027-04-01"},
        {"date_from": "2027-03-02", "date_to": "2027-03-01"},
        {"date_from": "x"},
        {"kind": "driver"},
    ],
)
def test_wrong_ranges_are_refused(query: dict[str, str]) -> None:
    assert send_request("GET", "/fleet/utilization", query=query).status == 422


def test_drivers_get_no_utilization() -> None:
    assert send_request("GET", "/fleet/utilization", driver_id=builders.create_driver()).status == 403
