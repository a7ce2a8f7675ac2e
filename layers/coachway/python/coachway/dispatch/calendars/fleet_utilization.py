"""The utilization of the fleet's vehicles, by vehicle, class and day."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.durations import round_hours
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.dispatch.calendars import service as calendars
from coachway.dispatch.calendars import vehicle_time
from coachway.dispatch.calendars.schemas import FleetQuery, ShortCalendarQuery
from coachway.dispatch.calendars.vehicle_time import VehicleTime
from coachway.dispatch.diaries import service as diaries
from coachway.fleet import rules
from coachway.fleet.model import Vehicle, VendorId
from coachway.identity import organization_queries


class UtilizationQuery(ShortCalendarQuery):
    """Choose the days (at most 31), and filter by class or vendor."""

    vehicle_class: VehicleClass | None = None
    vendor_id: VendorId | None = None


class UsedHours(BaseSchema):
    """Hours from midnight to midnight, each in one of four parts. Trips last from garage to garage."""

    hours_booked: float
    hours_down: Annotated[float, Field(description="In a downtime, or out of service, without a trip.")]
    hours_held: Annotated[float, Field(description="Held for a charter, without a trip.")]
    hours_free: float
    utilization_percentage: Annotated[
        float | None, Field(description="Booked time in percent of the time that is not down; null if there is none.")
    ]


class DayUtilization(UsedHours):
    """A vehicle on one day."""

    day: date


class VehicleUtilization(UsedHours):
    """A vehicle in the whole range, and day by day."""

    vehicle_id: str
    vehicle_name: str
    vehicle_class: str
    vendor_id: str | None
    status: str
    days: list[DayUtilization]


class ClassUtilization(UsedHours):
    """All vehicles of a class."""

    vehicle_class: str
    vehicles: int


class FleetUtilization(BaseSchema):
    """The utilization of vehicles that are not retired, by name. Days are in the organization's time zone."""

    timezone: str
    date_from: date
    date_to: date
    vehicles: list[VehicleUtilization]
    classes: list[ClassUtilization]
    fleet: UsedHours


def get_fleet_utilization(caller: Caller, query: UtilizationQuery) -> FleetUtilization:
    """Get the utilization of the fleet. Raises Invalid if the fleet is too large.

    Two reads for the fleet, and one per 100 weekly diary items.
    """
    organization = organization_queries.get_organization(caller.org_id)
    fleet_query = FleetQuery(
        date_from=query.date_from, date_to=query.date_to, kind="vehicle", vendor_id=query.vendor_id
    )
    first, last, _ = calendars.get_date_range(fleet_query, organization.timezone)
    calendars.require_short_range(first, last)
    _, members = calendars.list_fleet(caller, organization, fleet_query)
    vehicles = [each for each in members if query.vehicle_class in {None, each.vehicle_class}]
    batch, weeks = calendars.load_diaries(caller.org_id, [vehicle.id for vehicle in vehicles], fleet_query, [])
    days, now = list(vehicle_time.list_local_days(first, last, organization.timezone)), clock.now()
    times: list[tuple[Vehicle, list[VehicleTime]]] = []
    for vehicle in vehicles:
        diary = diaries.build_diary(batch, caller.org_id, vehicle.id, weeks)
        parts = (diary.blocks, diary.downtimes, diary.list_holds(now))
        is_out_of_service = rules.vehicle_status_reason(vehicle) is not None
        times.append(
            (
                vehicle,
                [vehicle_time.divide_time(span, *parts, is_out_of_service=is_out_of_service) for _, span in days],
            )
        )
    return FleetUtilization(
        timezone=organization.timezone,
        date_from=first,
        date_to=last,
        vehicles=[_vehicle_utilization(vehicle, [day for day, _ in days], by_day) for vehicle, by_day in times],
        classes=_class_utilizations(times),
        fleet=_used_hours(time for _, by_day in times for time in by_day),
    )


def _vehicle_utilization(vehicle: Vehicle, days: list[date], by_day: list[VehicleTime]) -> VehicleUtilization:
    return VehicleUtilization(
        vehicle_id=vehicle.id,
        vehicle_name=vehicle.name,
        vehicle_class=vehicle.vehicle_class,
        vendor_id=vehicle.vendor_id,
        status=vehicle.status,
        days=[
            DayUtilization(day=day, **_used_hours([time]).model_dump()) for day, time in zip(days, by_day, strict=True)
        ],
        **_used_hours(by_day).model_dump(),
    )


def _class_utilizations(times: list[tuple[Vehicle, list[VehicleTime]]]) -> list[ClassUtilization]:
    by_class: dict[str, list[list[VehicleTime]]] = {}
    for vehicle, by_day in times:
        by_class.setdefault(vehicle.vehicle_class, []).append(by_day)
    return [
        ClassUtilization(
            vehicle_class=name,
            vehicles=len(members),
            **_used_hours(time for by_day in members for time in by_day).model_dump(),
        )
        for name, members in sorted(by_class.items())
    ]


def _used_hours(times: Iterable[VehicleTime]) -> UsedHours:
    total = vehicle_time.sum_times(times)
    usable = total.total - total.down
    return UsedHours(
        hours_booked=round_hours(total.booked),
        hours_down=round_hours(total.down),
        hours_held=round_hours(total.held),
        hours_free=round_hours(total.free),
        utilization_percentage=round(100 * (total.booked / usable), 1) if usable else None,
    )
