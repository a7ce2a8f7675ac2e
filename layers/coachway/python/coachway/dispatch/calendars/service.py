"""Calendars of a driver, a vehicle and the fleet: trips, unavailable times and utilization."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.store import BatchResult
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.calendars import utilization
from coachway.dispatch.calendars.schemas import (
    MAX_FLEET_DAYS,
    Calendar,
    CalendarAssignment,
    CalendarDowntime,
    CalendarEntry,
    CalendarHold,
    CalendarKind,
    CalendarQuery,
    FleetCalendar,
    FleetQuery,
    FleetRow,
    UnavailablePeriod,
)
from coachway.dispatch.calendars.utilization import BookedTime
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.diaries.service import Diary
from coachway.fleet import roster
from coachway.fleet.access_checks import require_own_driver
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.fleet.rules import Span
from coachway.identity import organization_queries
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_MAX_ROWS: Final = 500
_ZONE_MARGIN: Final = timedelta(days=1, hours=14)
"""The longest time between a day in another time zone and the same day in UTC, if today differs as well."""

M = TypeVar("M", Driver, Vehicle)


def get_driver_calendar(caller: Caller, driver_id: str, query: CalendarQuery) -> Calendar:
    """Get a driver's calendar. Raises NotFound, also when another driver asks for it. Two reads."""
    require_own_driver(caller, driver_id)
    driver_key = DRIVER.key(org=caller.org_id, id=driver_id)
    batch, weeks = load_diaries(caller.org_id, [driver_id], query, [driver_key])
    driver = batch.get(Driver, driver_key)
    first, last, span = get_date_range(query, driver.timezone)
    blocks = utilization.select_blocks(diaries.build_diary(batch, caller.org_id, driver_id, weeks).blocks, span)
    return Calendar(
        kind="driver",
        id=driver.id,
        name=driver.name,
        status=driver.status,
        timezone=driver.timezone,
        date_from=first,
        date_to=last,
        entries=list_entries(caller.org_id, blocks),
        unavailable_periods=[
            UnavailablePeriod(starts_at=gap.start, ends_at=gap.end)
            for gap in utilization.list_unavailable_spans(driver, span)
        ],
        downtimes=[],
        holds=[],
        utilization=utilization.build_utilization(utilization.calculate_driver_time(driver, blocks, span)),
    )


def get_vehicle_calendar(caller: Caller, vehicle_id: str, query: CalendarQuery) -> Calendar:
    """Get a vehicle's calendar, in the organization's time zone. Raises NotFound. Two reads."""
    vehicle_key, organization_key = VEHICLE.key(org=caller.org_id, id=vehicle_id), ORGANIZATIONS.key(org=caller.org_id)
    batch, weeks = load_diaries(caller.org_id, [vehicle_id], query, [vehicle_key, organization_key])
    vehicle, timezone = batch.get(Vehicle, vehicle_key), batch.get(Organization, organization_key).timezone
    first, last, span = get_date_range(query, timezone)
    diary = diaries.build_diary(batch, caller.org_id, vehicle_id, weeks)
    blocks = utilization.select_blocks(diary.blocks, span)
    return Calendar(
        kind="vehicle",
        id=vehicle.id,
        name=vehicle.name,
        status=vehicle.status,
        timezone=timezone,
        date_from=first,
        date_to=last,
        entries=list_entries(caller.org_id, blocks),
        unavailable_periods=[],
        downtimes=_list_downtimes(diary, span),
        holds=_list_holds(diary, span),
        utilization=utilization.build_utilization(
            utilization.calculate_vehicle_time(vehicle, blocks, diary.downtimes, span)
        ),
    )


def get_fleet_calendar(caller: Caller, query: FleetQuery) -> FleetCalendar:
    """Get the calendar of the fleet, without drivers and vehicles that left it. Raises Invalid if it is too large.

    Two reads for the fleet, and one per 100 weekly diary items.
    """
    organization = organization_queries.get_organization(caller.org_id)
    timezone = organization.timezone
    first, last, span = get_date_range(query, timezone)
    require_short_range(first, last)
    drivers, vehicles = list_fleet(caller, organization, query)
    batch, weeks = load_diaries(caller.org_id, [resource.id for resource in [*drivers, *vehicles]], query, [])

    def load_diary(resource: str) -> Diary:
        return diaries.build_diary(batch, caller.org_id, resource, weeks)

    driver_rows = [_driver_row(driver, load_diary(driver.id), span) for driver in drivers]
    vehicle_rows = [_vehicle_row(vehicle, load_diary(vehicle.id), span) for vehicle in vehicles]
    return FleetCalendar(
        timezone=timezone,
        date_from=first,
        date_to=last,
        rows=[row for row, _ in [*driver_rows, *vehicle_rows]],
        drivers=utilization.build_utilization(utilization.sum_booked(booked for _, booked in driver_rows)),
        vehicles=utilization.build_utilization(utilization.sum_booked(booked for _, booked in vehicle_rows)),
    )


def require_short_range(first: date, last: date) -> None:
    """Raise Invalid for more days than calendars of the fleet have."""
    if last - first >= MAX_FLEET_DAYS:
        raise errors.Invalid.field("date_to", f"the range is at most {MAX_FLEET_DAYS.days} days")


def list_fleet(caller: Caller, organization: Organization, query: FleetQuery) -> tuple[list[Driver], list[Vehicle]]:
    """List the drivers and the vehicles that a query selects, by name. Raises Invalid if there are too many."""
    members = roster.list_roster(caller, organization, drivers=query.kind != "vehicle", vehicles=query.kind != "driver")
    drivers, vehicles = _select_by_vendor(members[0], query.vendor_id), _select_by_vendor(members[1], query.vendor_id)
    if len(drivers) + len(vehicles) > _MAX_ROWS:
        message = f"the fleet has more than {_MAX_ROWS} drivers and vehicles; filter by kind or vendor_id"
        raise errors.Invalid.field("kind", message)
    return drivers, vehicles


def _select_by_vendor(resources: Iterable[M], vendor_id: str | None) -> list[M]:
    selected = (resource for resource in resources if vendor_id is None or resource.vendor_id == vendor_id)
    return sorted(selected, key=lambda resource: (resource.name.casefold(), resource.id))


def _driver_row(driver: Driver, diary: Diary, span: Span) -> tuple[FleetRow, BookedTime]:
    blocks = utilization.select_blocks(diary.blocks, span)
    booked = utilization.calculate_driver_time(driver, blocks, span)
    return _fleet_row("driver", driver, blocks, [], [], booked), booked


def _vehicle_row(vehicle: Vehicle, diary: Diary, span: Span) -> tuple[FleetRow, BookedTime]:
    blocks = utilization.select_blocks(diary.blocks, span)
    booked = utilization.calculate_vehicle_time(vehicle, blocks, diary.downtimes, span)
    return _fleet_row(
        "vehicle", vehicle, blocks, _list_downtimes(diary, span), _list_holds(diary, span), booked
    ), booked


def _fleet_row(
    kind: CalendarKind,
    resource: Driver | Vehicle,
    blocks: Sequence[DutyBlock],
    downtimes: list[CalendarDowntime],
    holds: list[CalendarHold],
    booked: BookedTime,
) -> FleetRow:
    return FleetRow(
        kind=kind,
        id=resource.id,
        name=resource.name,
        status=resource.status,
        vendor_id=resource.vendor_id,
        jobs=[CalendarAssignment(**block.model_dump(include={*CalendarAssignment.model_fields})) for block in blocks],
        downtimes=downtimes,
        holds=holds,
        utilization=utilization.build_utilization(booked),
    )


def _list_downtimes(diary: Diary, span: Span) -> list[CalendarDowntime]:
    return [
        CalendarDowntime(**downtime.model_dump()) for downtime in utilization.select_downtimes(diary.downtimes, span)
    ]


def _list_holds(diary: Diary, span: Span) -> list[CalendarHold]:
    """List the holds that have not expired, without those for charters that the vehicle is assigned to."""
    assigned = {block.charter_id for block in diary.blocks}
    names = set(CalendarHold.model_fields) - {"hold_id"}
    return [
        CalendarHold(hold_id=hold.assignment_id, **hold.model_dump(include=names))
        for hold in diary.list_holds(clock.now())
        if hold.charter_id not in assigned and hold.starts_at < span.end and span.start < hold.ends_at
    ]


def list_entries(org_id: str, duty_blocks: Iterable[DutyBlock]) -> list[CalendarEntry]:
    """Complete duty blocks with the data of their assignments. One read per 100."""
    blocks = list(duty_blocks)
    assignments = repository.find_by_ids(org_id, [block.assignment_id for block in blocks])
    return [_calendar_entry(block, assignments.get(block.assignment_id)) for block in blocks]


def _calendar_entry(block: DutyBlock, assignment: Assignment | None) -> CalendarEntry:
    stops = assignment.stops if assignment else []
    fields = assignment.model_dump() if assignment else {}
    named = ("status", "driver_id", "second_driver_id", "second_driver_name", "vehicle_id", "passengers")
    return CalendarEntry(
        **block.model_dump(include={"assignment_id", "charter_id", "number", "starts_at", "ends_at"}),
        **{name: fields.get(name) for name in (*named, "spot_at", "pickup_at", "dropoff_at")},
        driver_name=fields.get("driver_name", ""),
        vehicle_name=fields.get("vehicle_name", ""),
        pickup=stops[0].address if stops else "",
        dropoff=stops[-1].address if stops else "",
    )


def get_date_range(query: CalendarQuery, timezone: str) -> tuple[date, date, Span]:
    """The first and the last day, and the time that they span."""
    first, last = query.date_range(clock.now().astimezone(ZoneInfo(timezone)).date())
    return first, last, utilization.build_date_span(first, last, timezone)


def load_diaries(
    org_id: str, resources: Sequence[str], query: CalendarQuery, extra_keys: Sequence[Key]
) -> tuple[BatchResult, tuple[str, ...]]:
    """Load the diaries for the days of a query in any time zone, and the items at `extra_keys`."""
    first, last = query.date_range(clock.now().date())
    span = utilization.build_date_span(first, last, "UTC")
    weeks = tuple(list_iso_weeks(span.start - _ZONE_MARGIN, span.end + _ZONE_MARGIN))
    keys = [*extra_keys, *(key for resource in resources for key in diaries.page_keys(org_id, resource, weeks))]
    return repository.batch_get_all(keys), weeks
