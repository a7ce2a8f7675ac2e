"""Downtimes of vehicles: add, list, update, remove.

A downtime is written to the diary of the vehicle, on the pages of all of its weeks. An assignment writes the pages of
its own weeks. So of a downtime and a trip that overlap, only one can be committed.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from coachway.compliance import reminder_times
from coachway.contracts.dispatch.downtimes import (
    VehicleDowntimeAdded,
    VehicleDowntimeRemoved,
    VehicleDowntimeUpdated,
)
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.calendars.utilization import build_date_span
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DowntimeBlock, DutyBlock, HoldBlock
from coachway.dispatch.diaries.service import Diary
from coachway.dispatch.downtimes import rules
from coachway.dispatch.downtimes.model import DOWNTIME, OF_VEHICLE, Downtime, DowntimeInput, DowntimeQuery
from coachway.dispatch.errors import VehicleAlreadyDown, VehicleHasTrips
from coachway.fleet import resource_ops
from coachway.fleet.model import VEHICLE, Vehicle
from coachway.fleet.rules import Span
from coachway.identity.model.organization import ORGANIZATIONS, Organization


@retry_on_conflict
def add_downtime(caller: Caller, vehicle_id: str, request: DowntimeInput) -> Downtime:
    """Add a downtime to a vehicle.

    Raises NotFound, Invalid, VehicleHasTrips with each trip that must be released first, and VehicleAlreadyDown. Two
    reads and the commit.
    """
    vehicle_key, organization_key = VEHICLE.key(org=caller.org_id, id=vehicle_id), ORGANIZATIONS.key(org=caller.org_id)
    batch = store.batch_get([vehicle_key, organization_key])
    vehicle, timezone = batch.get(Vehicle, vehicle_key), batch.get(Organization, organization_key).timezone
    span = _get_span(request, timezone)
    downtime = Downtime(
        id=ids.new("dwn"),
        org_id=caller.org_id,
        vehicle_id=vehicle_id,
        timezone=timezone,
        starts_at=span.start,
        ends_at=span.end,
        **request.model_dump(),
    )
    diary = _load_diary(downtime, span)
    _require_free(diary, downtime)
    store.commit(
        caller,
        Create(downtime, [VehicleDowntimeAdded(**_event_fields(downtime))]),
        resource_ops.check_unchanged_op(vehicle),
        *diaries.set_downtime_ops(diary, downtime.id, _build_block(downtime)),
    )
    return downtime


def list_downtimes(caller: Caller, vehicle_id: str, query: DowntimeQuery) -> Page[Downtime]:
    """List the downtimes of a vehicle that end on `date_from` (default: today) or later, the first to end first.

    One query. Raises NotFound.
    """
    vehicle = store.get(Vehicle, VEHICLE.key(org=caller.org_id, id=vehicle_id))
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(caller.org_id))).date()
    partition = OF_VEHICLE.partition(org=caller.org_id, vehicle=vehicle.id)
    return query_page(Downtime, OF_VEHICLE, [partition], query, between=(f"{query.date_from or today}#", "9999~"))


def get_downtime(caller: Caller, vehicle_id: str, downtime_id: str, *, expected: int | None = None) -> Downtime:
    """Get a downtime of a vehicle. Raises NotFound, or PreconditionFailed if the version is not `expected`."""
    downtime = store.get(Downtime, DOWNTIME.key(org=caller.org_id, id=downtime_id), expected=expected)
    if downtime.vehicle_id != vehicle_id:
        raise errors.NotFound("The downtime was not found.")
    return downtime


def update_downtime(
    caller: Caller, vehicle_id: str, downtime_id: str, changes: PartialUpdate[DowntimeInput], expected: int | None
) -> Downtime:
    """Change the days or the reason of a downtime. Raises the same errors as `add_downtime`. Two reads, the commit."""

    @retry_on_conflict
    def attempt_update() -> Downtime:
        before = get_downtime(caller, vehicle_id, downtime_id, expected=expected)
        after = apply_changes(before, changes)
        ops: list[Op] = []
        if "first_day" in changes or "last_day" in changes:
            span = _get_span(after, before.timezone)
            after = after.model_copy(update={"starts_at": span.start, "ends_at": span.end})
        if _build_block(after) != _build_block(before):
            span = Span(min(before.starts_at, after.starts_at), max(before.ends_at, after.ends_at))
            diary = _load_diary(after, span)
            _require_free(diary, after)
            ops += diaries.set_downtime_ops(diary, downtime_id, _build_block(after))
        store.commit(caller, Update(before, after, [VehicleDowntimeUpdated(**_event_fields(after))]), *ops)
        return after

    return attempt_update()


def remove_downtime(caller: Caller, vehicle_id: str, downtime_id: str, expected: int | None) -> None:
    """Remove a downtime. Two reads and the commit. Raises NotFound."""

    @retry_on_conflict
    def attempt_removal() -> None:
        before = get_downtime(caller, vehicle_id, downtime_id, expected=expected)
        after = before.model_copy(update={"deleted_at": clock.now()})
        diary = _load_diary(before, Span(before.starts_at, before.ends_at))
        store.commit(
            caller,
            Update(before, after, [VehicleDowntimeRemoved(**_event_fields(before))]),
            *diaries.set_downtime_ops(diary, downtime_id, None),
        )

    attempt_removal()


def _get_span(days: DowntimeInput, timezone: str) -> Span:
    today = clock.now().astimezone(ZoneInfo(timezone)).date()
    reason = rules.range_reason(days.first_day, days.last_day, today)
    if reason is not None:
        raise errors.Invalid.field("last_day", reason)
    return build_date_span(days.first_day, days.last_day, timezone)


def _load_diary(downtime: Downtime, span: Span) -> Diary:
    weeks = list_iso_weeks(span.start, span.end)
    keys = diaries.page_keys(downtime.org_id, downtime.vehicle_id, weeks)
    return diaries.build_diary(store.batch_get(keys), downtime.org_id, downtime.vehicle_id, weeks)


def _require_free(diary: Diary, downtime: Downtime) -> None:
    """Raise Conflict if the vehicle has trips or another downtime on these days."""
    span, zone = Span(downtime.starts_at, downtime.ends_at), ZoneInfo(downtime.timezone)
    others = rules.list_overlapping_downtimes(span, diary.downtimes, downtime.id)
    if others:
        times = " and ".join(_format_times(each.starts_at, each.ends_at, zone) for each in others)
        raise VehicleAlreadyDown(f"The vehicle has a downtime from {times}. Change that downtime.")
    now = clock.now()
    trips = rules.list_blocking_trips(span, [*diary.blocks, *diary.list_holds(now)], now)
    if trips:
        problems = [FieldError(trip.assignment_id, _describe_trip(trip, zone)) for trip in trips]
        numbers = ", ".join(dict.fromkeys(trip.number for trip in trips))
        raise VehicleHasTrips(
            f"The vehicle has trips on these days: {numbers}. Release it from them first.", fields=problems
        )


def _describe_trip(trip: DutyBlock, zone: ZoneInfo) -> str:
    held = "held for " if isinstance(trip, HoldBlock) else ""
    return f"{held}{trip.number} from {_format_times(trip.starts_at, trip.ends_at, zone)}"


def _format_times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    return f"{start.astimezone(zone):%Y-%m-%d %H:%M} to {end.astimezone(zone):%Y-%m-%d %H:%M}"


def _build_block(downtime: Downtime) -> DowntimeBlock:
    return DowntimeBlock(
        downtime_id=downtime.id,
        downtime_type=downtime.downtime_type,
        starts_at=downtime.starts_at,
        ends_at=downtime.ends_at,
    )


def _event_fields(downtime: Downtime) -> dict[str, Any]:
    return downtime.model_dump(include={"vehicle_id", "downtime_type", "first_day", "last_day"}) | {
        "downtime_id": downtime.id
    }
