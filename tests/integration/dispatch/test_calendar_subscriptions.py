"""Calendars as programs subscribe to them, read with the `icalendar` library."""

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
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.diary_builders import ask, downloaded, subscribed
from tests.integration.dispatch.trip_builders import the_time_is


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def parsed(reply: Reply) -> Calendar:
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(base64.b64decode(reply.text))
    assert isinstance(calendar, Calendar)
    assert not calendar.errors
    return calendar


def events(reply: Reply) -> list[Event]:
    found = [each for each in parsed(reply).walk("VEVENT") if isinstance(each, Event)]
    assert [each.errors for each in found] == [[] for _ in found]
    return found


def read(address: str) -> Reply:
    with the_time_is("08:00", "2027-03-01"):
        return downloaded(address)


def test_a_drivers_feed_has_the_jobs() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())
    reply = read(subscribed(f"/calendar/drivers/{rosa}/feed"))
    calendar = parsed(reply)
    assert (calendar["PRODID"], calendar["VERSION"], calendar["METHOD"]) == (
        "-//CoachWay//Dispatch//EN",
        "2.0",
        "PUBLISH",
    )
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(minutes=15)
    (event,) = events(reply)
    assert event["UID"] == f"{made['id']}@coachway"
    starts, ends = event.decoded("DTSTART"), event.decoded("DTEND")
    assert (starts, ends) == tuple(datetime.fromisoformat(made[name]) for name in ("starts_at", "ends_at"))
    assert starts.utcoffset() == timedelta()
    assert (event["STATUS"], event["SEQUENCE"]) == ("TENTATIVE", 1)
    assert event["SUMMARY"] == f"{made['charter_number']} · Coach 12"
    assert event["LOCATION"] == "11 Wall St, New York, NY"
    assert "Wed 3 Mar 09:00 pickup: 11 Wall St, New York, NY" in str(event["DESCRIPTION"])
    assert event.decoded("LAST-MODIFIED") == datetime.fromisoformat(made["updated_at"]).replace(microsecond=0)


def test_a_calendar_without_jobs_is_one_all_the_same() -> None:
    calendar = parsed(read(subscribed(f"/calendar/drivers/{builders.driver()}/feed")))
    assert [str(each["TZID"]) for each in calendar.walk("VTIMEZONE")] == ["America/New_York"]
    assert calendar.walk("VEVENT") == []


def test_nobodys_telephone_number_is_in_a_feed() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(notes="Call +12125550123 at the gate"), rosa, builders.vehicle())
    text = base64.b64decode(read(subscribed(f"/calendar/drivers/{rosa}/feed")).text).decode()
    assert made["notes"]
    assert "+1212" not in text.replace("\r\n ", "")


def test_an_accepted_job_keeps_its_uid_and_raises_its_sequence() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())
    address = subscribed(f"/calendar/drivers/{rosa}/feed", by=rosa)
    (before,) = events(read(address))
    builders.done("POST", f"/dispatch/assignments/{made['id']}/accept", {}, by=rosa)
    (after,) = events(read(address))
    assert after["UID"] == before["UID"]
    assert after.decoded("SEQUENCE") > before.decoded("SEQUENCE")
    assert after.decoded("LAST-MODIFIED") >= before.decoded("LAST-MODIFIED")
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CONFIRMED")


@pytest.mark.parametrize("how", ["release", "decline"])
def test_a_job_that_was_taken_away_vanishes(how: str) -> None:
    rosa, coach = builders.driver(), builders.vehicle()
    made = builders.assigned(builders.trip(), rosa, coach)
    feeds = [
        subscribed(path)
        for path in (f"/calendar/drivers/{rosa}/feed", f"/calendar/vehicles/{coach}/feed", "/calendar/fleet/feed")
    ]
    assert [len(events(read(each))) for each in feeds] == [1, 1, 1]
    by: dict[str, Any] = {"by": rosa} if how == "decline" else {}
    builders.done("POST", f"/dispatch/assignments/{made['id']}/{how}", {"reason": "Ill"}, **by)
    assert [len(events(read(each))) for each in feeds] == [0, 0, 0]


def test_the_fleets_feed_names_vehicle_and_driver() -> None:
    builders.assigned(builders.trip(), builders.driver(), builders.vehicle())
    builders.assigned(builders.trip(leaves="10:00"), builders.driver("Emil Sand"), builders.vehicle("Coach 9"))
    found = events(read(subscribed("/calendar/fleet/feed")))
    assert [str(each["SUMMARY"]).partition(" · ")[2] for each in found] == [
        "Coach 12 · Rosa Delgado",
        "Coach 9 · Emil Sand",
    ]


def test_what_has_not_changed_is_not_sent_again() -> None:
    rosa = builders.driver()
    address = subscribed(f"/calendar/drivers/{rosa}/feed")
    first = read(address)
    assert first.headers["Cache-Control"] == "private, max-age=300"
    again = downloaded(address, if_none_match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    builders.assigned(builders.trip(), rosa, builders.vehicle())
    with the_time_is("08:00", "2027-03-01"):
        changed = downloaded(address, if_none_match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_a_renewed_link_voids_the_one_before_and_a_revoked_one_shows_nothing() -> None:
    rosa = builders.driver()
    path = f"/calendar/drivers/{rosa}/feed"
    first, second = subscribed(path), subscribed(path)
    assert (downloaded(first).status, downloaded(second).status) == (404, 200)
    assert [ask("DELETE", path).status for _ in range(2)] == [204, 204]
    assert downloaded(second).status == 404
    third = subscribed(path)
    assert (downloaded(third).status, downloaded(second).status) == (200, 404)
    told = [each.type for each in store.history(FEED.key(org=ORG, resource=rosa))]
    assert told == ["calendar_feed.renewed"] * 2 + ["calendar_feed.revoked", "calendar_feed.renewed"]


def test_a_forged_link_shows_nothing() -> None:
    rosa, coach = builders.driver(), builders.vehicle()
    address = subscribed(f"/calendar/drivers/{rosa}/feed")
    token = address.rpartition("/")[2]
    other = subscribed(f"/calendar/vehicles/{coach}/feed").rpartition("/")[2]
    for forged in (f"{token[:-8]}AAAA.ics", f"{token[:60]}{other[60:]}", "x.ics", "fleet.ics"):
        assert downloaded(f"/api/v1/calendar/{forged}").status == 404, forged
    assert downloaded("/api/v1/calendar/x").status == 404


def test_an_idempotency_key_does_not_keep_a_link() -> None:
    rosa = builders.driver()
    first = ask("POST", f"/calendar/drivers/{rosa}/feed", headers={"idempotency-key": "one"})
    assert first.status == 201
    kept = str(store.history(FEED.key(org=ORG, resource=rosa)))
    assert str(first.json()["url"]).rpartition("/")[2].removesuffix(".ics") not in kept


def test_the_feed_of_a_driver_who_has_gone_is_gone() -> None:
    from coachway.core.persistence.operations import Update
    from coachway.fleet import drivers

    rosa = builders.driver()
    address = subscribed(f"/calendar/drivers/{rosa}/feed")
    before = drivers.get_driver(builders.SYSTEM, rosa)
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"deleted_at": clock.now()})))
    assert downloaded(address).status == 404
