"""Lists of assignments, on the table in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.core.runtime import clock
from tests.integration.dispatch.builders import (
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    send_ok,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


@pytest.mark.parametrize("name", ["charter_id", "driver_id", "vehicle_id", "status"])
def test_list_assignments_with_a_filter_returns_matching_ones(name: str) -> None:
    rosa, coach, charter_id = create_driver(), create_vehicle(), create_trip()
    assignment: dict[str, Any] = create_assignment(charter_id, rosa, coach)
    create_assignment(create_trip("2027-03-10"), create_driver("Sam Tran"), create_vehicle("Coach 2"))
    accepted = send_ok("POST", f"/dispatch/assignments/{assignment['id']}/accept")
    page = send_ok(
        "GET", "/dispatch/assignments", query={name: accepted[name], "date_from": "2027-03-01", "date_to": "2027-03-31"}
    )
    assert [each["id"] for each in page["items"]] == [assignment["id"]]


def test_list_assignments_without_dates_starts_with_the_organization_s_today() -> None:
    rosa, coach = create_driver(), create_vehicle()
    tonight = create_assignment(create_trip("2027-03-03", departure="20:00"), rosa, coach)
    yesterday = create_assignment(create_trip("2027-03-02"), rosa, coach)
    assert yesterday["id"] != tonight["id"]
    # 22:00 in New York, and the next day in UTC.
    with clock.frozen(datetime(2027, 3, 4, 3, tzinfo=UTC)):
        for options in ({"party_id": rosa}, {"query": {"driver_id": rosa}}, {"query": {"vehicle_id": coach}}):
            assert [each["id"] for each in send_ok("GET", "/dispatch/assignments", **options)["items"]] == [
                tonight["id"]
            ]


def test_list_assignments_with_a_cursor_continues() -> None:
    rosa, coach = create_driver(), create_vehicle()
    assignment_ids = [create_assignment(create_trip(f"2027-03-{day:02d}"), rosa, coach)["id"] for day in (3, 5, 7)]
    for query in ({}, {"driver_id": rosa}, {"vehicle_id": coach}):
        listed_ids, cursor = list[str](), dict[str, str]()
        while True:
            page = send_ok(
                "GET", "/dispatch/assignments", query={**query, "date_from": "2027-03-01", "limit": "1", **cursor}
            )
            listed_ids += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert listed_ids == assignment_ids
