"""The text of a calendar feed."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vText

from coachway.core.types.text import to_single_line
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.calendars.ical import render_feed
from coachway.dispatch.calendars.subscriptions import FeedContent

STARTS: Final = datetime(2027, 3, 3, 14, tzinfo=UTC)


def create_feed(address: str, name: str = "Rosa") -> FeedContent:
    """The feed of a fleet with one assignment, whose first stop has this address."""
    stop = AssignmentStop(stop_type="pickup", address=address, timezone="America/New_York", departure=STARTS)
    assignment = Assignment(
        id="asg_1",
        org_id="org_1",
        charter_id="chr_1",
        charter_number="CH-1",
        vehicle_number=1,
        client_id="cli_1",
        driver_id="drv_1",
        driver_name=name,
        vehicle_id="veh_1",
        vehicle_name="Coach",
        vehicle_class="coach",
        timezone="America/New_York",
        passengers=40,
        starts_at=STARTS,
        ends_at=STARTS + timedelta(hours=3),
        pickup_at=STARTS,
        dropoff_at=STARTS + timedelta(hours=3),
        stops=[stop],
        offered_at=STARTS,
        created_at=STARTS,
        updated_at=STARTS,
    )
    return FeedContent(name, "org", "America/New_York", [assignment])


def parse_location(content: bytes) -> str:
    (event,) = [each for each in Calendar.from_ical(content).walk("VEVENT") if isinstance(each, Event)]
    assert event.errors == []
    return str(event["LOCATION"])


def test_render_feed_replaces_control_characters_and_line_separators() -> None:
    content = render_feed(create_feed("Gate\x7f4\x85Dock\u2028B\x00\x1b[0m"))
    assert parse_location(content) == "Gate 4 Dock B [0m"


def test_render_feed_escapes_text() -> None:
    assert parse_location(render_feed(create_feed("1, Main; St\\, \u201cA\u201d"))) == "1, Main; St\\, \u201cA\u201d"
    assert b"\r\nLOCATION:1\\, Main\\; St\r\n" in render_feed(create_feed("1, Main; St"))


@settings(max_examples=30, deadline=None)
@given(address=st.text(st.characters(codec="utf-8"), max_size=120), name=st.text("é🚌\x7f\x85\r\n;:", max_size=60))
def test_render_feed_of_any_text_has_lines_of_at_most_75_octets_without_control_characters(
    address: str, name: str
) -> None:
    content = render_feed(create_feed(address, name))
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not [character for line in lines for character in line.decode() if unicodedata.category(character) == "Cc"]
    assert len(content.decode().splitlines()) == len(lines) - 1
    assert parse_location(content) == to_single_line(address)
    name_line = b"X-WR-CALNAME:" + vText(to_single_line(name)).to_ical() + b"\r\n"
    assert name_line in content.replace(b"\r\n ", b"")
