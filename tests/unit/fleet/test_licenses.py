"""Who may drive what: 49 CFR 383.5, 383.91, 383.93."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.core.types import ids
from coachway.fleet import rules
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle


def driver(**fields: Any) -> Driver:
    own = {"id": ids.new("drv"), "org_id": "org_1", "timezone": "America/New_York", "user_id": "usr_1"}
    return Driver.model_validate({**DRIVER_EXAMPLE, **own, **fields})


def vehicle(**fields: Any) -> Vehicle:
    return Vehicle.model_validate({**VEHICLE_EXAMPLE, "id": ids.new("veh"), "org_id": "org_1", **fields})


@pytest.mark.parametrize(
    ("license_class", "endorsements", "capacity", "pounds", "may"),
    [
        ("B", ["P"], 56, None, True),
        ("A", ["P"], 56, None, True),
        ("C", ["P"], 56, None, False),
        ("B", [], 56, None, False),
        ("B", ["H"], 56, 54_000, False),
        # 15 passengers and the driver are 16: the smallest vehicle that needs the endorsement.
        ("C", ["P"], 15, 14_500, True),
        ("C", [], 15, 14_500, False),
        ("C", ["P"], 15, None, False),
        ("C", [], 14, None, True),
        ("C", [], 14, 26_000, True),
        # Heavy without many seats: class B, without the endorsement.
        ("C", [], 14, 26_001, False),
        ("B", [], 14, 26_001, True),
        ("C", ["P"], 28, 26_000, True),
        ("C", ["P"], 28, 26_001, False),
    ],
)
def test_class_and_endorsement_follow_from_seats_and_weight(
    license_class: str, endorsements: list[str], capacity: int, pounds: int | None, may: bool
) -> None:
    who = driver(license_class=license_class, endorsements=endorsements)
    what = vehicle(capacity=capacity, gross_weight_pounds=pounds)
    assert (rules.license_problem(who, what) is None) is may


def test_the_reason_says_what_is_needed() -> None:
    assert rules.license_problem(driver(license_class="C"), vehicle()) == (
        "has a license of class C; Coach 12, with 56 seats, needs class B or A (49 CFR 383.91)"
    )
    assert rules.license_problem(driver(endorsements=[]), vehicle()) == (
        "has no passenger endorsement (P), which 56 seats need (49 CFR 383.93)"
    )


def test_a_license_is_good_through_the_day_on_which_it_expires() -> None:
    who = driver(license_expires="2029-01-01")
    assert rules.license_problem(who, vehicle(), date(2029, 1, 1)) is None
    assert rules.license_problem(who, vehicle(), date(2029, 1, 2)) == "has a license that expires on 2029-01-01"


@pytest.mark.parametrize("status", ["on_leave", "inactive"])
def test_a_driver_who_is_not_active_gets_no_work(status: str) -> None:
    assert rules.driver_status_reason(driver()) is None
    assert rules.driver_status_reason(driver(status=status)) == f"is {status.replace('_', ' ')}"


@pytest.mark.parametrize(
    ("status", "said"),
    [("maintenance", "is in maintenance"), ("out_of_service", "is out of service"), ("retired", "is retired")],
)
def test_a_vehicle_that_is_not_in_service_gets_no_work(status: str, said: str) -> None:
    assert rules.vehicle_status_reason(vehicle()) is None
    assert rules.vehicle_status_reason(vehicle(status=status)) == said
