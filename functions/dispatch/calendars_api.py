"""Routes of calendars, hours of service, driver performance and trip sheets."""

from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.assignments.model import AssignmentId
from coachway.dispatch.calendars import fleet_utilization, subscriptions
from coachway.dispatch.calendars import service as calendars
from coachway.dispatch.calendars.fleet_utilization import FleetUtilization, UtilizationQuery
from coachway.dispatch.calendars.schemas import Calendar, CalendarQuery, FleetCalendar, FleetQuery
from coachway.dispatch.calendars.subscriptions import FeedLink
from coachway.dispatch.driver_hours.schemas import DriverHours
from coachway.dispatch.performance import service as performance
from coachway.dispatch.performance.service import DriverPerformance
from coachway.fleet.model import DriverId, VehicleId
from coachway.identity.current_rights import read_current_rights

FeedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}\.ics$")]

api = ApiRouter(
    "dispatch",
    "Assignments of drivers and vehicles, duty, positions, calendars and recoveries.",
    health=False,
    refresh_caller=read_current_rights,
)
app = api.app


@api.get("/calendar/drivers/{driver_id}", permission="dispatch:read", external_roles=("driver",))
def get_driver_calendar(caller: Caller, driver_id: DriverId, query: CalendarQuery) -> Calendar:
    """Get a driver's calendar.

    Lists the driver's trips and unavailable times, and the share of the available time that is booked. Days are in the
    driver's time zone.
    """
    return calendars.get_driver_calendar(caller, driver_id, query)


@api.get("/calendar/vehicles/{vehicle_id}", permission="dispatch:read")
def get_vehicle_calendar(caller: Caller, vehicle_id: VehicleId, query: CalendarQuery) -> Calendar:
    """Get a vehicle's calendar.

    Lists the vehicle's trips, and the share of the time that is booked. Days are in the organization's time zone.
    """
    return calendars.get_vehicle_calendar(caller, vehicle_id, query)


@api.get("/calendar/fleet", permission="dispatch:read")
def get_fleet_calendar(caller: Caller, query: FleetQuery) -> FleetCalendar:
    """Get the calendar of the fleet.

    Returns a row for every driver who is not inactive and every vehicle that is not retired, with the booked share of
    the time.
    """
    return calendars.get_fleet_calendar(caller, query)


@api.get("/fleet/utilization", permission="dispatch:read")
def get_fleet_utilization(caller: Caller, query: UtilizationQuery) -> FleetUtilization:
    """Get the utilization of the fleet.

    Divides the hours of every vehicle that is not retired into booked, down, held and free time: by vehicle and day, by
    class, and in total. Every hour counts once.
    """
    return fleet_utilization.get_fleet_utilization(caller, query)


@api.post(
    "/calendar/drivers/{driver_id}/feed",
    permission="dispatch:write",
    external_roles=("driver",),
    status=201,
    grants_rights=True,
)
def create_driver_feed(caller: Caller, driver_id: DriverId) -> FeedLink:
    """Create a subscription link for a driver's calendar.

    Calendar programs subscribe to the link. Anyone with the link can read the calendar. The link is shown once, and
    replaces the previous one.
    """
    return subscriptions.create_driver_feed(caller, driver_id)


@api.delete(
    "/calendar/drivers/{driver_id}/feed", permission="dispatch:write", external_roles=("driver",), grants_rights=True
)
def revoke_driver_feed(caller: Caller, driver_id: DriverId) -> None:
    """Revoke the subscription link of a driver's calendar."""
    subscriptions.revoke_driver_feed(caller, driver_id)


@api.post("/calendar/vehicles/{vehicle_id}/feed", permission="dispatch:write", status=201, grants_rights=True)
def create_vehicle_feed(caller: Caller, vehicle_id: VehicleId) -> FeedLink:
    """Create a subscription link for a vehicle's calendar.

    Calendar programs subscribe to the link. Anyone with the link can read the calendar. The link is shown once, and
    replaces the previous one.
    """
    return subscriptions.create_vehicle_feed(caller, vehicle_id)


@api.delete("/calendar/vehicles/{vehicle_id}/feed", permission="dispatch:write", grants_rights=True)
def revoke_vehicle_feed(caller: Caller, vehicle_id: VehicleId) -> None:
    """Revoke the subscription link of a vehicle's calendar."""
    subscriptions.revoke_vehicle_feed(caller, vehicle_id)


@api.post("/calendar/fleet/feed", permission="dispatch:write", status=201, grants_rights=True)
def create_fleet_feed(caller: Caller) -> FeedLink:
    """Create a subscription link for the fleet's calendar.

    Calendar programs subscribe to the link. Anyone with the link can read the calendar. The link is shown once, and
    replaces the previous one.
    """
    return subscriptions.create_fleet_feed(caller)


@api.delete("/calendar/fleet/feed", permission="dispatch:write", grants_rights=True)
def revoke_fleet_feed(caller: Caller) -> None:
    """Revoke the subscription link of the fleet's calendar."""
    subscriptions.revoke_fleet_feed(caller)


@api.get("/calendar/{calendar_feed}", permission=PUBLIC, media="text/calendar", errors=(NotFound,))
def get_calendar_feed(calendar_feed: FeedName) -> FileResponse:
    """Get a calendar in iCalendar format (RFC 5545) by its subscription link.

    The path ends with `{token}.ics`. Declined and released assignments are left out. Calendar programs poll every 15
    minutes; send the previous `ETag` as `If-None-Match` to learn whether anything changed.
    """
    from coachway.dispatch.calendars import ical  # only needed here: imports icalendar

    return ical.build_file(subscriptions.open_feed(calendar_feed.removesuffix(".ics")))


@api.get("/drivers/{driver_id}/hours", permission="dispatch:read", external_roles=("driver",))
def get_driver_hours(caller: Caller, driver_id: DriverId) -> DriverHours:
    """Get a driver's remaining hours of service.

    Computed from the driver's log by 49 CFR 395.5 (passengers) or 395.3 (property), as the organization's hours
    policy says. The log has actual times where they are known and planned times otherwise. When the log has gaps, the
    remaining hours are null and `unknown_periods` explains each gap.
    """
    from coachway.dispatch.driver_hours import remaining_hours  # only needed here: imports the hours-of-service rules

    return remaining_hours.get_driver_hours(caller, driver_id)


@api.get("/drivers/{driver_id}/performance", permission="dispatch:read", external_roles=("driver",))
def get_driver_performance(caller: Caller, driver_id: DriverId) -> DriverPerformance:
    """Get a driver's performance.

    Counts offers and answers, trips, stops on time, and ratings of charters driven for a vendor. `rating` is the
    average that automatic assignment uses; it is null until there are three ratings.
    """
    return performance.get_performance(caller, driver_id)


@api.get(
    "/dispatch/assignments/{assignment_id}/trip-sheet.pdf",
    permission="dispatch:read",
    external_roles=("driver",),
    media="application/pdf",
)
def get_trip_sheet_pdf(caller: Caller, assignment_id: AssignmentId) -> FileResponse:
    """Download the trip sheet of an assignment.

    The PDF has times, stops, phone numbers, the planned duty and notes. It has no prices. A character that no font has
    is shown as its code point, and listed in the header `X-Missing-Characters`.
    """
    from coachway.dispatch import trip_sheet_pdf  # only needed here: the layer `pdf` is large

    return trip_sheet_pdf.get_trip_sheet(caller, assignment_id)
