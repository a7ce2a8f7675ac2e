"""The demo's stories hold together before anybody loads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from coachway.bids.eligibility import state_of
from coachway.bids.model import BidInput
from coachway.bookings.charters import trip_times
from coachway.bookings.charters.model import CharterInput
from coachway.bookings.charters.rules import TRANSITIONS, Status
from coachway.clients.model import AddressInput, ClientInput, ContactInput
from coachway.core.types import ids
from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking import eta, geofence
from coachway.dispatch.tracking.geofence import Progress
from coachway.dispatch.tracking.position_ingest import CheckInBatch
from coachway.fleet.model import DriverInput, VehicleInput
from coachway.identity.model.organization import OrganizationSettings
from coachway.identity.model.permissions import BUILT_IN
from coachway.identity.model.user import NewAdmin, NewUser
from coachway.pricing.extras_model import AmenityInput, PromoInput
from coachway.pricing.rule_model import RuleInput
from coachway.vendors.model import VendorInput
from infra.local.demo import positions, users
from infra.local.demo.data import harbor, prairie
from infra.local.demo.fleet_scenario import COURSE
from infra.local.demo.scenario import Story, Trip

STORIES: Final = {"demo": harbor.STORY, "other": prairie.STORY}
TRIPS: Final = [(story, trip) for story in STORIES.values() for trip in story.trips]
# A Friday, a Sunday, days on which clocks change, the last days of a month and a year.
DAYS: Final = [
    *(date(2026, 11, 20), date(2026, 11, 29), date(2026, 10, 31), date(2027, 3, 13)),
    *(date(2027, 2, 26), date(2026, 12, 31)),
]


# When it is loaded: in the morning, around midnight, and in the hours of which a night has two or none.
HOURS: Final = ("10:02", "23:58", "00:07", "01:30", "02:30")


def at(today: date, hour: str, zone: str) -> datetime:
    return datetime.combine(today, time.fromisoformat(hour), ZoneInfo(zone))


def wanted(story: Story, trip: Trip, today: date, hour: str = HOURS[0]) -> CharterInput:
    client_ids = {client.name: ids.new("cli") for client in story.clients}
    return CharterInput.model_validate(trip.body(at(today, hour, story.zone), story.zone, client_ids))


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_every_trip_can_be_driven_as_it_is_timed_but_for_one_that_is_meant_to_show_why_not(
    today: date, hour: str
) -> None:
    blocked = []
    for story, trip in TRIPS:
        trip_ = trip_times.build_trip_schedule(wanted(story, trip, today, hour), story.zone)
        codes = {notice.code for notice in trip_.notices}
        assert codes <= {"hours_of_service", "relief_joins_on_the_way"}, (trip.notes, codes)
        blocked += [trip.notes for notice in trip_.notices if notice.blocking]
    assert len(blocked) == 1
    assert blocked[0].startswith("Washington in a day")


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_what_is_sent_to_a_client_has_not_left_yet(today: date) -> None:
    for _, trip in TRIPS:
        if any(step.state == "sent" for step in trip.life):
            assert trip.leaves_on(today) > today, trip.notes


def test_the_miles_of_every_trip_are_those_of_roads() -> None:
    for story, trip in TRIPS:
        asked = wanted(story, trip, DAYS[0])
        estimated = trip_times.build_trip_schedule(asked.model_copy(update={"miles": None}), story.zone).miles
        assert 0.75 <= trip.miles / float(estimated) <= 1.5, (trip.notes, trip.miles, estimated)


def test_every_life_follows_the_table_of_transitions() -> None:
    for _, trip in TRIPS:
        states = [Status(step.state) for step in trip.life if step.state != "sent"]
        for before, after in zip([Status.QUOTE, *states], states, strict=False):
            assert (before, after) in TRANSITIONS, trip.notes


def test_the_first_organization_has_trips_in_every_state() -> None:
    ends = {trip.life[-1].state if trip.life else "quote" for trip in harbor.STORY.trips}
    given = {each.until for trip in harbor.STORY.trips for each in trip.given}
    assert given == set(COURSE)
    assert ends | {"confirmed", "in_progress"} == {*(str(status) for status in Status), "sent"}
    assert any(trip.weekly > 1 for trip in harbor.STORY.trips)
    assert any(trip.again_after for trip in harbor.STORY.trips)
    days = [trip.leaves_on(DAYS[0]) for trip in harbor.STORY.trips]
    assert max(days) - min(days) >= timedelta(days=7)


def test_names_can_be_told_apart() -> None:
    for story in STORIES.values():
        for names in (
            [trip.notes for trip in story.trips],
            [client.name for client in story.clients],
            [client.body["email"] for client in story.clients],
            [rule["name"] for rule in story.rules],
            [vendor.name for vendor in story.vendors],
            [vendor.body["primary_email"] for vendor in story.vendors],
        ):
            assert len(names) == len(set(names))
    assert not {client.name for client in harbor.STORY.clients} & {client.name for client in prairie.STORY.clients}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_everything_else_is_what_the_api_takes(story: Story) -> None:
    client_ids = {client.name: ids.new("cli") for client in story.clients}
    for client in story.clients:
        ClientInput.model_validate(client.body)
        AddressInput.model_validate(client.address)
        for contact in client.contacts:
            ContactInput.model_validate(contact)
    for rule in story.rules:
        named = {"client_id": client_ids[rule["client_id"]]} if "client_id" in rule else {}
        RuleInput.model_validate({**rule, **named})
    for amenity in story.amenities:
        AmenityInput.model_validate(amenity)
    for promo in story.promo_codes:
        PromoInput.model_validate(promo)
    for vendor in story.vendors:
        VendorInput.model_validate(vendor.body)
    vendor_ids = {vendor.name: ids.new("ven") for vendor in story.vendors}
    for body in (*(driver.body for driver in story.drivers), *story.vehicles):
        whose = {"vendor_id": vendor_ids[body["vendor_id"]]} if "vendor_id" in body else {}
        if "plate" in body:
            VehicleInput.model_validate({**body, **whose})
        else:
            DriverInput.model_validate({**body, **whose, "license_expires": date(2030, 1, 1)})
    complete = {"name": "x", "timezone": story.zone, "currency": "USD"}
    OrganizationSettings.model_validate({**complete, **story.terms})
    assert not story.represented or story.represented in client_ids
    assert not story.carrier or story.carrier in {vendor.name for vendor in story.vendors}


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_vendors_bid_before_a_trip_leaves_with_vehicles_that_do_and_papers_that_last(today: date) -> None:
    for story, trip in TRIPS:
        if trip.bidding is None:
            continue
        may_bid = {each.name: each.body for each in story.vendors if not each.applies and not each.expiring}
        assert timedelta(hours=trip.bidding.hours) < trip.leaves_on(today) - today - timedelta(days=1), trip.notes
        asked = wanted(story, trip, today)
        for offer in trip.bidding.offers:
            bid = BidInput.model_validate({**offer.body, "charter_id": ids.new("chr")})
            assert bid.vehicle_type == asked.vehicle_class
            assert bid.vehicle_type in may_bid[offer.vendor]["vehicle_types"]
            assert asked.passengers / asked.vehicle_count <= bid.passenger_capacity
            assert bid.passenger_capacity <= may_bid[offer.vendor]["max_passenger_capacity"]
            assert state_of(asked.stops[0].address) in may_bid[offer.vendor]["service_states"]


def test_bidding_is_open_won_and_in_vain() -> None:
    known = [trip.bidding for trip in harbor.STORY.trips if trip.bidding is not None]
    assert sorted((bool(each.closed), bool(each.chosen), bool(each.offers)) for each in known) == [
        (False, False, True),
        (True, False, False),
        (True, True, True),
    ]


def test_whoever_is_named_drives_what_has_the_seats_and_the_class_and_is_the_vendors_where_one_runs_it() -> None:
    for story, trip in TRIPS:
        drivers = {each.name: each for each in story.drivers if not each.missing}
        vehicles = {each["name"]: each for each in story.vehicles if each["status"] == "in_service"}
        asked = wanted(story, trip, DAYS[0])
        assert len(trip.given) in {0, asked.vehicle_count}, trip.notes
        winner = trip.bidding.offers[0].vendor if trip.bidding and trip.bidding.chosen else None
        for given in trip.given:
            assert bool(given.driver) == bool(given.vehicle)
            if given.driver:
                vehicle = vehicles[given.vehicle]
                assert vehicle["vehicle_class"] == asked.vehicle_class
                assert asked.passengers / asked.vehicle_count <= vehicle["capacity"]
                owners = {drivers[given.driver].body.get("vendor_id"), vehicle.get("vendor_id")}
                assert owners == {winner}
                assert (given.by == "vendor") == (winner is not None)


def on_the_road() -> list[tuple[Story, Trip]]:
    return [(story, trip) for story, trip in TRIPS if any(each.until in COURSE[2:] for each in trip.given)]


def planned(story: Story, trip: Trip, today: date, hour: str) -> list[AssignmentStop]:
    """The stops of its assignment."""
    asked = wanted(story, trip, today, hour)
    moments = [(stop.estimated_arrival, stop.estimated_departure) for stop in asked.stops]
    return [
        AssignmentStop(
            stop_type="pickup" if number == 0 else "dropoff",
            address=stop.address,
            latitude=stop.latitude,
            longitude=stop.longitude,
            timezone=story.zone,
            arrival=moments[number][0],
            departure=moments[number][1],
        )
        for number, stop in enumerate(asked.stops)
    ]


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_what_is_on_the_road_was_seen_where_it_should_be_and_is_on_time(today: date, hour: str) -> None:
    assert len(on_the_road()) == 5
    for story, trip in on_the_road():
        [given] = trip.given
        stops, now = planned(story, trip, today, hour), at(today, hour, story.zone).astimezone(UTC)
        leaves = stops[0].departure
        assert leaves is not None
        done = given.until == "completed"
        came = min(leaves, now - timedelta(minutes=8))
        told = positions.points(
            [stop.model_dump(mode="json") for stop in stops],
            came,
            now,
            home_by=now - timedelta(minutes=5) if done else None,
        )
        batch = CheckInBatch.model_validate({"assignment_id": ids.new("asg"), "points": told})
        fixes = [point.fix() for point in batch.points]
        assert fixes == sorted(fixes)
        assert (came <= fixes[0].at, fixes[-1].at) == (True, now)
        found = geofence.follow(Progress(), fixes, stops)
        assert len(found.counted) == len(fixes)
        passed = {(each.stop, str(each.happening)) for each in found.passages}
        due = {(0, "arrived")} | {
            (number, what)
            for number, stop in enumerate(stops)
            for what, moment in (("arrived", stop.arrival), ("departed", stop.departure))
            if moment is not None and (moment + timedelta(minutes=5) < now or (done and number == len(stops) - 1))
        }
        assert passed == due, trip.notes
        late = eta.lateness(stops, eta.arrivals(found.progress, stops, now, eta.pace(found.counted)))
        assert late is None or late.minutes < 10, (trip.notes, late)


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_nobody_is_named_for_two_trips_at_once_and_none_is_over_before_it_is_given(today: date, hour: str) -> None:
    for story in STORIES.values():
        taken: dict[str, list[tuple[datetime, datetime, Coordinates, Coordinates]]] = {}
        for trip in story.trips:
            stops = planned(story, trip, today, hour)
            first, last = stops[0].departure, stops[-1].arrival
            begins, ends = stops[0].place, stops[-1].place
            assert first is not None
            assert last is not None
            assert begins is not None
            assert ends is not None
            assert not trip.given or last > at(today, hour, story.zone) + timedelta(minutes=8), trip.notes
            for name in [name for each in trip.given if each.driver for name in (each.driver, each.vehicle)]:
                taken.setdefault(name, []).append((first, last, begins, ends))
        for name, jobs in taken.items():
            for one, two in pairwise(sorted(jobs, key=lambda job: job[0])):
                way = timedelta(hours=miles_between(one[3], two[2]) * 1.3 / 50)
                assert two[0] - one[1] > way + timedelta(minutes=15), name


def test_there_is_somebody_of_every_role() -> None:
    assert {person.role for person in users.DEMO.people} == set(BUILT_IN)
    assert [person.role for person in users.OTHER.people] == ["admin"]
    for _, person in users.EVERYBODY:
        named = {"first_name": person.first_name, "last_name": person.last_name}
        NewAdmin.model_validate({"email": person.email, "password": users.PASSWORD, **named})
        NewUser.model_validate({"email": person.email, "phone": person.phone, "role": person.role, **named})
