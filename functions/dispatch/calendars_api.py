"""Routes of calendars, of drivers' hours and performance, and of their papers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.dispatch.assignments.model import AssignmentId
from coachway.dispatch.calendars import service as calendars
from coachway.dispatch.calendars import subscriptions
from coachway.dispatch.calendars.service import Calendar, CalendarQuery, FleetCalendar, FleetQuery
from coachway.dispatch.calendars.subscriptions import FeedLink
from coachway.dispatch.driver_hours.schemas import DriverHours
from coachway.dispatch.performance import service as performance
from coachway.dispatch.performance.service import DriverPerformance
from coachway.fleet.model import DriverId, VehicleId

FeedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}\.ics$")]

api = ApiRouter("dispatch", "Assignments, and trips under way.", health=False)
app = api.app


@api.get("/calendar/drivers/{driver_id}", permission="dispatch:read", external_roles=("driver",))
def get_driver_calendar(caller: Caller, driver_id: DriverId, query: CalendarQuery) -> Calendar:
    """Get a driver's calendar.

    Their jobs, when they may not be had, and how much of the time in which they may is booked. Days are the driver's.
    """
    return calendars.get_driver_calendar(caller, driver_id, query)


@api.get("/calendar/vehicles/{vehicle_id}", permission="dispatch:read")
def get_vehicle_calendar(caller: Caller, vehicle_id: VehicleId, query: CalendarQuery) -> Calendar:
    """Get a vehicle's calendar, and how much of its time is booked."""
    return calendars.get_vehicle_calendar(caller, vehicle_id, query)


@api.get("/calendar/fleet", permission="dispatch:read")
def get_fleet_calendar(caller: Caller, query: FleetQuery) -> FleetCalendar:
    """Get everybody's calendar, with how much of the time is booked.

    Of each driver and vehicle that has not left the fleet, and of all together.
    """
    return calendars.get_fleet_calendar(caller, query)


@api.post(
    "/calendar/drivers/{driver_id}/feed",
    permission="dispatch:write",
    external_roles=("driver",),
    status=201,
    secret_response=True,
)
def create_driver_feed(caller: Caller, driver_id: DriverId) -> FeedLink:
    """Make a link by which calendar programs subscribe to a driver's calendar.

    Whoever has it sees the calendar. It is shown once; making another one voids it.
    """
    return subscriptions.create_driver_feed(caller, driver_id)


@api.delete("/calendar/drivers/{driver_id}/feed", permission="dispatch:write", external_roles=("driver",))
def revoke_driver_feed(caller: Caller, driver_id: DriverId) -> None:
    """Void the link to a driver's calendar."""
    subscriptions.revoke_driver_feed(caller, driver_id)


@api.post("/calendar/vehicles/{vehicle_id}/feed", permission="dispatch:write", status=201, secret_response=True)
def create_vehicle_feed(caller: Caller, vehicle_id: VehicleId) -> FeedLink:
    """Make a link by which calendar programs subscribe to a vehicle's calendar.

    Whoever has it sees the calendar. It is shown once; making another one voids it.
    """
    return subscriptions.create_vehicle_feed(caller, vehicle_id)


@api.delete("/calendar/vehicles/{vehicle_id}/feed", permission="dispatch:write")
def revoke_vehicle_feed(caller: Caller, vehicle_id: VehicleId) -> None:
    """Void the link to a vehicle's calendar."""
    subscriptions.revoke_vehicle_feed(caller, vehicle_id)


@api.post("/calendar/fleet/feed", permission="dispatch:write", status=201, secret_response=True)
def create_fleet_feed(caller: Caller) -> FeedLink:
    """Make a link by which calendar programs subscribe to the whole fleet's calendar.

    Whoever has it sees the calendar. It is shown once; making another one voids it.
    """
    return subscriptions.create_fleet_feed(caller)


@api.delete("/calendar/fleet/feed", permission="dispatch:write")
def revoke_fleet_feed(caller: Caller) -> None:
    """Void the link to the whole fleet's calendar."""
    subscriptions.revoke_fleet_feed(caller)


@api.get("/calendar/{calendar_feed}", permission=PUBLIC, media="text/calendar")
def get_feed(calendar_feed: FeedName) -> FileResponse:
    """Get a calendar as iCalendar (RFC 5545), by its link.

    `{token}.ics`. Trips that were declined or released are not in it. Programs ask again every 15 minutes; with the
    ETag of the last answer they are told whether anything changed.
    """
    from coachway.dispatch.calendars import ical  # the other routes do without the library

    return ical.build_file(subscriptions.open_feed(calendar_feed.removesuffix(".ics")))


@api.get("/drivers/{driver_id}/hours", permission="dispatch:read", external_roles=("driver",))
def get_driver_hours(caller: Caller, driver_id: DriverId) -> DriverHours:
    """Get what a driver may still drive, and when more comes back.

    By 49 CFR 395.5 (passengers) or 395.3 (property), as the organization's hours policy says, from the driver's log:
    what was done where it is known, what is planned else. Where it has holes nothing is claimed about what is left,
    and `holes` say why.
    """
    from coachway.dispatch.driver_hours import clock  # the other routes do without the law

    return clock.get_driver_hours(caller, driver_id)


@api.get("/drivers/{driver_id}/performance", permission="dispatch:read", external_roles=("driver",))
def get_driver_performance(caller: Caller, driver_id: DriverId) -> DriverPerformance:
    """Get how a driver does.

    Offers and answers, trips, stops on time, and ratings of the charters they drove for a vendor. `rating` is the
    average that automatic assignment goes by: null until there are three.
    """
    return performance.get_performance(caller, driver_id)


@api.get(
    "/dispatch/assignments/{assignment_id}/trip-sheet.pdf",
    permission="dispatch:read",
    external_roles=("driver",),
    media="application/pdf",
)
def get_trip_sheet_pdf(caller: Caller, assignment_id: AssignmentId) -> FileResponse:
    """Get a trip's sheet for its driver, to print.

    Times, stops, telephone numbers, the plan of hours, notes; no prices.
    """
    from coachway.dispatch import trip_sheet_pdf  # the other routes do without ReportLab

    return trip_sheet_pdf.get_trip_sheet(caller, assignment_id)
