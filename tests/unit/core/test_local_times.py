"""Times of trips in responses have the UTC offset of the nearest time zone; records stay as they are."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import AwareDatetime

from coachway.core.persistence.responses.local_times import with_local_times
from coachway.core.persistence.responses.response_json import to_json
from coachway.core.schemas import BaseSchema, Page
from coachway.core.types.datetimes import LocalTime

NOON = datetime(2027, 3, 3, 17, tzinfo=UTC)


class Stop(BaseSchema):
    timezone: str | None = None
    arrival: LocalTime | None = None


class Note(BaseSchema):
    text: str


class Trip(BaseSchema):
    timezone: str
    starts_at: LocalTime
    created_at: AwareDatetime
    stops: list[Stop]
    stops_by_name: dict[str, Stop]
    note: Note


class Result(BaseSchema):
    arrival: LocalTime | None = None
    trip: Trip | None = None


def build_trip(timezone: str = "America/New_York") -> Trip:
    first, second = Stop(arrival=NOON), Stop(timezone="America/Chicago", arrival=NOON)
    return Trip(
        timezone=timezone,
        starts_at=NOON,
        created_at=NOON,
        stops=[first, second, Stop()],
        stops_by_name={"first": first},
        note=Note(text="hello"),
    )


def test_with_local_times_uses_the_nearest_time_zone() -> None:
    trip = with_local_times(build_trip())
    assert trip.starts_at.isoformat() == "2027-03-03T12:00:00-05:00"
    assert [stop.arrival and stop.arrival.isoformat() for stop in trip.stops] == [
        "2027-03-03T12:00:00-05:00",
        "2027-03-03T11:00:00-06:00",
        None,
    ]
    assert trip.stops_by_name["first"].arrival == NOON


def test_with_local_times_keeps_the_record_and_other_times_unchanged() -> None:
    before = build_trip()
    after = with_local_times(before)
    assert (before.starts_at.tzinfo, before.stops[0].arrival) == (UTC, NOON)
    assert before.stops[1].arrival is NOON
    assert after.created_at is before.created_at
    assert after.note is before.note
    assert after == before  # the same moments


def test_with_local_times_around_a_change_of_clocks_uses_the_offset_of_each_time() -> None:
    trip = build_trip().model_copy(update={"starts_at": datetime(2027, 3, 14, 6, 30, tzinfo=UTC)})
    trip.stops[0].arrival = datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    text = to_json(trip)
    assert '"starts_at":"2027-03-14T01:30:00-05:00"' in text
    assert '"arrival":"2027-03-14T03:30:00-04:00"' in text


def test_with_local_times_without_a_time_zone_changes_nothing() -> None:
    assert to_json(Result(arrival=NOON)) == '{"arrival":"2027-03-03T17:00:00Z","trip":null}'
    assert to_json(Note(text="hello")) == '{"text":"hello"}'


def test_to_json_of_pages_and_lists_has_local_times() -> None:
    trips = [Result(trip=build_trip())]
    assert to_json(Page(items=trips)).count('"starts_at":"2027-03-03T12:00:00-05:00"') == 1
    assert to_json(trips).count('"created_at":"2027-03-03T17:00:00Z"') == 1
    assert to_json(build_trip("UTC")).count('"starts_at":"2027-03-03T17:00:00Z"') == 1
