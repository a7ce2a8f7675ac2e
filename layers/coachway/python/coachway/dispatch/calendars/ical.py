"""Render a calendar feed in iCalendar format: RFC 5545, with the refresh interval of RFC 7986.

The output is deterministic to the byte, so that the ETag changes only when the calendar or the year changes.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Event, vDuration, vText

from coachway.core.http.response_types import FileResponse
from coachway.core.runtime import clock, settings
from coachway.core.types.text import to_single_line
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.calendars.subscriptions import FeedContent
from coachway.dispatch.calendars.time_zone_component import build_time_zone

_PRODUCT: Final = "-//CoachWay//Dispatch//EN"
_REFRESH: Final = timedelta(minutes=15)
_FRESH_SECONDS: Final = 300


def build_file(feed: FeedContent) -> FileResponse:
    """Build the downloadable file of a feed, with an ETag for calendar programs that poll it."""
    content = render_feed(feed)
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Cache-Control": f"private, max-age={_FRESH_SECONDS}",
    }
    return FileResponse(content, "text/calendar; charset=utf-8", "calendar.ics", inline=True, headers=headers)


def render_feed(feed: FeedContent) -> bytes:
    """Render a feed as iCalendar text."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    _add_text(calendar, "name", feed.name)
    _add_text(calendar, "x-wr-calname", feed.name)
    calendar.add("x-wr-timezone", feed.timezone)
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))
    # Times are in UTC. The timezone is for programs that display it; a calendar needs at least one component (3.6).
    year = clock.now().year
    calendar.add_component(build_time_zone(feed.timezone, year - 1, year + 2))
    for assignment in sorted(feed.assignments, key=lambda assignment: (assignment.starts_at, assignment.id)):
        calendar.add_component(_build_event(assignment, feed))
    text: bytes = calendar.to_ical()
    return text


def _add_text(component: Component, name: str, *lines: str) -> None:
    """Add a text, with its lines free of control characters (RFC 5545, 3.1) and of other ends of lines."""
    component.add(name, vText("\n".join(to_single_line(line) for line in lines)))


def _build_event(assignment: Assignment, feed: FeedContent) -> Event:
    """Build the event of an assignment. Its UID never changes; every change raises its SEQUENCE."""
    event = Event()
    event.add("uid", f"{assignment.id}@coachway")
    event.add("sequence", assignment.version)
    event.add("dtstamp", _to_utc_seconds(assignment.updated_at))
    event.add("created", _to_utc_seconds(assignment.created_at))
    event.add("last-modified", _to_utc_seconds(assignment.updated_at))
    event.add("dtstart", _to_utc_seconds(assignment.starts_at))
    event.add("dtend", _to_utc_seconds(assignment.ends_at))
    _add_text(event, "summary", _summary(assignment, feed.kind))
    event.add("status", "TENTATIVE" if assignment.status is AssignmentStatus.OFFERED else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("categories", [assignment.status.replace("_", " ")])
    _add_text(event, "description", *_description(assignment))
    if assignment.stops:
        first = assignment.stops[0]
        _add_text(event, "location", first.address)
        if first.latitude is not None and first.longitude is not None:
            event.add("geo", (first.latitude, first.longitude))
    if feed.kind == "drv":
        event.add("url", f"{settings.public_url()}/pages/driver")
    return event


def _to_utc_seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _summary(assignment: Assignment, kind: str) -> str:
    names = {
        "drv": [assignment.vehicle_name],
        "veh": [_crew(assignment)],
        "org": [assignment.vehicle_name, _crew(assignment)],
    }[kind]
    return " · ".join([assignment.charter_number, *names])


def _crew(assignment: Assignment) -> str:
    return " and ".join(filter(None, [assignment.driver_name, assignment.second_driver_name]))


def _description(assignment: Assignment) -> list[str]:
    """The stops, with times in each stop's time zone. Without phone numbers, because calendars are copied widely."""
    lines = [f"{assignment.vehicle_name}, {_crew(assignment)}, {assignment.passengers} passengers"]
    if assignment.spot_at is not None:
        zone = ZoneInfo(assignment.timezone)
        lines.append(f"On spot at {assignment.spot_at.astimezone(zone):%H:%M}")
    return lines + [_stop_line(stop) for stop in assignment.stops]


def _stop_line(stop: AssignmentStop) -> str:
    zone = ZoneInfo(stop.timezone)
    times = [moment.astimezone(zone) for moment in (stop.arrival, stop.departure) if moment is not None]
    clock_times = " to ".join(dict.fromkeys(f"{moment:%H:%M}" for moment in times))
    day = f"{times[0]:%a} {times[0].day} {times[0]:%b} " if times else ""
    return f"{day}{clock_times} {stop.stop_type.replace('_', ' ')}: {stop.address}".strip()
