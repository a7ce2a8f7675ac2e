"""License classes and endorsements: 49 CFR 383.5, 383.91, 383.93."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.core.types import ids
from coachway.fleet import rules
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle


def build_driver(**fields: Any) -> Driver:
    defaults = {"id": ids.new("drv"), "org_id": "org_1", "timezone": "America/New_York", "user_id": "usr_1"}
    return Driver.model_validate({**DRIVER_EXAMPLE, **defaults, **fields})


def build_vehicle(**fields: Any) -> Vehicle:
    return Vehicle.model_validate({**VEHICLE_EXAMPLE, "id": ids.new("veh"), "org_id": "org_1", **fields})


@pytest.mark.parametrize(
    ("license_class", "endorsements", "capacity", "pounds", "allowed"),
    [
        ("B", ["P"], 56, None, True),
        ("A", ["P"], 56, None, True),
        ("C", ["P"], 56, None, False),
        ("B", [], 56, None, False),
        ("B", ["H"], 56, 54_000, False),
        # 15 passengers and the driver are 16 seats: the smallest vehicle that needs the endorsement.
        ("C", ["P"], 15, 14_500, True),
        ("C", [], 15, 14_500, False),
        ("C", ["P"], 15, None, False),
        ("C", [], 14, None, True),
        ("C", [], 14, 26_000, True),
        # A heavy vehicle with few seats needs class B but no endorsement.
        ("C", [], 14, 26_001, False),
        ("B", [], 14, 26_001, True),
        ("C", ["P"], 28, 26_000, True),
        ("C", ["P"], 28, 26_001, False),
    ],
)
def test_license_reason_depends_on_seats_and_weight(
    license_class: str, endorsements: list[str], capacity: int, pounds: int | None, allowed: bool
) -> None:
    driver = build_driver(license_class=license_class, endorsements=endorsements)
    vehicle = build_vehicle(capacity=capacity, gross_weight_pounds=pounds)
    assert (rules.license_reason(driver, vehicle) is None) is allowed


def test_license_reason_names_the_required_license() -> None:
    assert rules.license_reason(build_driver(license_class="C"), build_vehicle()) == (
        "has a license of class C; Coach 12, with 56 seats, needs class B or A (49 CFR 383.91)"
    )
    assert rules.license_reason(build_driver(endorsements=[]), build_vehicle()) == (
        "has no passenger endorsement (P), which 56 seats need (49 CFR 383.93)"
    )


def test_license_is_valid_through_its_expiry_day() -> None:
    driver = build_driver(license_expires="2029-01-01")
    assert rules.license_reason(driver, build_vehicle(), date(2029, 1, 1)) is None
    assert rules.license_reason(driver, build_vehicle(), date(2029, 1, 2)) == "has a license that expires on 2029-01-01"


@pytest.mark.parametrize("status", ["on_leave", "inactive"])
def test_driver_status_other_than_active_has_a_reason(status: str) -> None:
    assert rules.driver_status_reason(build_driver()) is None
    assert rules.driver_status_reason(build_driver(status=status)) == f"is {status.replace('_', ' ')}"


@pytest.mark.parametrize(
    ("status", "reason"),
    [("maintenance", "is in maintenance"), ("out_of_service", "is out of service"), ("retired", "is retired")],
)
def test_vehicle_status_other_than_in_service_has_a_reason(status: str, reason: str) -> None:
    assert rules.vehicle_status_reason(build_vehicle()) is None
    assert rules.vehicle_status_reason(build_vehicle(status=status)) == reason
