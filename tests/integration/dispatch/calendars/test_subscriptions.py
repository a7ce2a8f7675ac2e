"""Calendar feeds, parsed with the `icalendar` library."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar, Event

from coachway.core import store
from coachway.core.runtime import clock
from coachway.dispatch.calendars.subscriptions import FEED
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.calendar_builders import create_feed, download_feed, send_request
from tests.integration.dispatch.tracking_builders import freeze_time


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def parse_calendar(reply: Reply) -> Calendar:
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(base64.b64decode(reply.text))
    assert isinstance(calendar, Calendar)
    assert not calendar.errors
    return calendar


def parse_events(reply: Reply) -> list[Event]:
    calendar_events = [each for each in parse_calendar(reply).walk("VEVENT") if isinstance(each, Event)]
    assert [each.errors for each in calendar_events] == [[] for _ in calendar_events]
    return calendar_events


def download(feed_path: str) -> Reply:
    with freeze_time("08:00", "2027-03-01"):
        return download_feed(feed_path)


def test_driver_feed_contains_the_assignments() -> None:
    rosa = builders.create_driver()
    assignment = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    reply = download(create_feed(f"/calendar/drivers/{rosa}/feed"))
    calendar = parse_calendar(reply)
    assert (calendar["PRODID"], calendar["VERSION"], calendar["METHOD"]) == (
        "-//CoachWay//Dispatch//EN",
        "2.0",
        "PUBLISH",
    )
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(minutes=15)
    (event,) = parse_events(reply)
    assert event["UID"] == f"{assignment['id']}@coachway"
    starts_at, ends_at = event.decoded("DTSTART"), event.decoded("DTEND")
    assert (starts_at, ends_at) == tuple(datetime.fromisoformat(assignment[name]) for name in ("starts_at", "ends_at"))
    assert starts_at.utcoffset() == timedelta()
    assert (event["STATUS"], event["SEQUENCE"]) == ("TENTATIVE", 1)
    assert event["SUMMARY"] == f"{assignment['charter_number']} · Coach 12"
    assert event["LOCATION"] == "11 Wall St, New York, NY"
    assert "Wed 3 Mar 09:00 pickup: 11 Wall St, New York, NY" in str(event["DESCRIPTION"])
    assert event.decoded("LAST-MODIFIED") == datetime.fromisoformat(assignment["updated_at"]).replace(microsecond=0)


def test_driver_feed_without_assignments_is_a_valid_calendar() -> None:
    calendar = parse_calendar(download(create_feed(f"/calendar/drivers/{builders.create_driver()}/feed")))
    assert [str(each["TZID"]) for each in calendar.walk("VTIMEZONE")] == ["America/New_York"]
    assert calendar.walk("VEVENT") == []


def test_driver_feed_contains_no_phone_numbers() -> None:
    rosa = builders.create_driver()
    assignment = builders.create_assignment(
        builders.create_trip(notes="Call +12125550123 at the gate"), rosa, builders.create_vehicle()
    )
    text = base64.b64decode(download(create_feed(f"/calendar/drivers/{rosa}/feed")).text).decode()
    assert assignment["notes"]
    assert "+1212" not in text.replace("\r\n ", "")


def test_driver_feed_after_acceptance_keeps_uid_and_raises_sequence() -> None:
    rosa = builders.create_driver()
    assignment = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    feed_path = create_feed(f"/calendar/drivers/{rosa}/feed", driver_id=rosa)
    (before,) = parse_events(download(feed_path))
    builders.send_ok("POST", f"/dispatch/assignments/{assignment['id']}/accept", {}, party_id=rosa)
    (after,) = parse_events(download(feed_path))
    assert after["UID"] == before["UID"]
    assert after.decoded("SEQUENCE") > before.decoded("SEQUENCE")
    assert after.decoded("LAST-MODIFIED") >= before.decoded("LAST-MODIFIED")
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CONFIRMED")


@pytest.mark.parametrize("action", ["release", "decline"])
def test_feeds_after_a_release_or_decline_leave_out_the_assignment(action: str) -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    assignment = builders.create_assignment(builders.create_trip(), rosa, coach)
    feed_paths = [
        create_feed(path)
        for path in (f"/calendar/drivers/{rosa}/feed", f"/calendar/vehicles/{coach}/feed", "/calendar/fleet/feed")
    ]
    assert [len(parse_events(download(each))) for each in feed_paths] == [1, 1, 1]
    options: dict[str, Any] = {"party_id": rosa} if action == "decline" else {}
    builders.send_ok("POST", f"/dispatch/assignments/{assignment['id']}/{action}", {"reason": "Ill"}, **options)
    assert [len(parse_events(download(each))) for each in feed_paths] == [0, 0, 0]


def test_fleet_feed_names_vehicle_and_driver() -> None:
    builders.create_assignment(builders.create_trip(), builders.create_driver(), builders.create_vehicle())
    builders.create_assignment(
        builders.create_trip(departure="10:00"), builders.create_driver("Emil Sand"), builders.create_vehicle("Coach 9")
    )
    calendar_events = parse_events(download(create_feed("/calendar/fleet/feed")))
    assert [str(each["SUMMARY"]).partition(" · ")[2] for each in calendar_events] == [
        "Coach 12 · Rosa Delgado",
        "Coach 9 · Emil Sand",
    ]


def test_driver_feed_unchanged_returns_304() -> None:
    rosa = builders.create_driver()
    feed_path = create_feed(f"/calendar/drivers/{rosa}/feed")
    first = download(feed_path)
    assert first.headers["Cache-Control"] == "private, max-age=300"
    with freeze_time("09:00", "2027-03-01"):
        unchanged = download_feed(feed_path, if_none_match=first.headers["ETag"])
    assert (unchanged.status, unchanged.text) == (304, "")
    builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    with freeze_time("08:00", "2027-03-01"):
        changed = download_feed(feed_path, if_none_match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_driver_feed_renewed_or_revoked_returns_404_for_old_links() -> None:
    rosa = builders.create_driver()
    path = f"/calendar/drivers/{rosa}/feed"
    first_path, second_path = create_feed(path), create_feed(path)
    assert (download_feed(first_path).status, download_feed(second_path).status) == (404, 200)
    assert [send_request("DELETE", path).status for _ in range(2)] == [204, 204]
    assert download_feed(second_path).status == 404
    third_path = create_feed(path)
    assert (download_feed(third_path).status, download_feed(second_path).status) == (200, 404)
    event_types = [each.type for each in store.list_history(FEED.key(org=ORG, resource=rosa))]
    assert event_types == ["calendar_feed.renewed"] * 2 + ["calendar_feed.revoked", "calendar_feed.renewed"]


def test_feed_with_a_forged_token_returns_404() -> None:
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    feed_path = create_feed(f"/calendar/drivers/{rosa}/feed")
    token = feed_path.rpartition("/")[2]
    other_token = create_feed(f"/calendar/vehicles/{coach}/feed").rpartition("/")[2]
    for forged in (f"{token[:-8]}AAAA.ics", f"{token[:60]}{other_token[60:]}", "x.ics", "fleet.ics"):
        assert download_feed(f"/api/v1/calendar/{forged}").status == 404, forged
    assert download_feed("/api/v1/calendar/x").status == 404


def test_create_feed_with_an_idempotency_key_does_not_store_the_link() -> None:
    rosa = builders.create_driver()
    reply = send_request("POST", f"/calendar/drivers/{rosa}/feed", headers={"idempotency-key": "one"})
    assert reply.status == 201
    stored_events = str(store.list_history(FEED.key(org=ORG, resource=rosa)))
    assert str(reply.json()["url"]).rpartition("/")[2].removesuffix(".ics") not in stored_events


def test_feed_of_a_deleted_driver_returns_404() -> None:
    from coachway.core.persistence.operations import Update
    from coachway.fleet import drivers

    rosa = builders.create_driver()
    feed_path = create_feed(f"/calendar/drivers/{rosa}/feed")
    before = drivers.get_driver(builders.SYSTEM, rosa)
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"deleted_at": clock.now()})))
    assert download_feed(feed_path).status == 404
