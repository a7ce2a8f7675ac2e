"""The demo's stories hold together before anybody loads them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest

from coachway.bids.eligibility import state_of
from coachway.bids.model import BidInput
from coachway.bookings import journey
from coachway.bookings.model import CharterInput
from coachway.bookings.rules import TRANSITIONS, Status
from coachway.clients.model import AddressInput, ClientInput, ContactInput
from coachway.core import ids
from coachway.identity.model import NewAdmin, NewUser
from coachway.identity.organization import OrganizationSettings
from coachway.identity.rules import BUILT_IN
from coachway.pricing.model import RuleInput
from coachway.pricing.offers import AmenityInput, PromoInput
from coachway.vendors.model import VendorInput
from infra.local.demo import harbor, people, prairie
from infra.local.demo.story import Story, Trip

STORIES: Final = {"demo": harbor.STORY, "other": prairie.STORY}
TRIPS: Final = [(story, trip) for story in STORIES.values() for trip in story.trips]
# A Friday, a Sunday, days on which clocks change, the last days of a month and a year.
DAYS: Final = [
    *(date(2026, 11, 20), date(2026, 11, 29), date(2026, 10, 31), date(2027, 3, 13)),
    *(date(2027, 2, 26), date(2026, 12, 31)),
]


def wanted(story: Story, trip: Trip, today: date) -> CharterInput:
    client_ids = {client.name: ids.new("cli") for client in story.clients}
    return CharterInput.model_validate(trip.body(today, story.zone, client_ids))


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_every_trip_can_be_driven_as_it_is_timed_but_for_one_that_is_meant_to_show_why_not(today: date) -> None:
    blocked = []
    for story, trip in TRIPS:
        trip_ = journey.thought_through(wanted(story, trip, today), story.zone)
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
        estimated = journey.thought_through(asked.model_copy(update={"miles": None}), story.zone).miles
        assert 0.75 <= trip.miles / float(estimated) <= 1.5, (trip.notes, trip.miles, estimated)


def test_every_life_follows_the_table_of_transitions() -> None:
    for _, trip in TRIPS:
        states = [Status(step.state) for step in trip.life if step.state != "sent"]
        for before, after in zip([Status.QUOTE, *states], states, strict=False):
            assert (before, after) in TRANSITIONS, trip.notes


def test_the_first_organization_has_trips_in_every_state() -> None:
    ends = {trip.life[-1].state if trip.life else "quote" for trip in harbor.STORY.trips}
    assert ends == {*(str(status) for status in Status), "sent"}
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


def test_there_is_somebody_of_every_role() -> None:
    assert {person.role for person in people.DEMO.people} == set(BUILT_IN)
    assert [person.role for person in people.OTHER.people] == ["admin"]
    for _, person in people.EVERYBODY:
        named = {"first_name": person.first_name, "last_name": person.last_name}
        NewAdmin.model_validate({"email": person.email, "password": people.PASSWORD, **named})
        NewUser.model_validate({"email": person.email, "phone": person.phone, "role": person.role, **named})
