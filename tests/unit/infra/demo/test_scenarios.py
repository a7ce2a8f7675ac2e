"""The demo's scenarios are consistent with the rules of the product, on every day and at every hour."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from coachway.bids.evaluation.eligibility import parse_state
from coachway.bids.schemas import BidInput
from coachway.bookings.charters import trip_times
from coachway.bookings.charters.rules import TRANSITIONS, CharterStatus
from coachway.clients.model import AddressInput, ClientInput, ContactInput
from coachway.core.types import ids
from coachway.core.types.geo import Coordinates, miles_between
from coachway.fleet.model import DriverInput, VehicleInput
from coachway.identity.model.organization import OrganizationSettings
from coachway.identity.model.permissions import BUILT_IN_ROLES, PARTY_ID_PREFIXES
from coachway.identity.model.user import NewAdmin, NewUser
from coachway.pricing.adjustment_model import PriceAdjustmentsInput
from coachway.pricing.extras_model import AmenityInput, PromoInput
from coachway.pricing.rule_model import RuleInput
from coachway.vendors.model import VendorInput
from infra.local.demo import users
from infra.local.demo.data import harbor, prairie
from infra.local.demo.fleet_scenario import ASSIGNMENT_STATUSES
from infra.local.demo.scenario import Scenario
from tests.unit.infra.demo.builders import (
    DAYS,
    HOURS,
    SCENARIOS,
    TRIPS,
    assignment_stops,
    charter_input,
    local_time,
)


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_trips_can_be_driven_as_planned_except_the_one_that_is_blocked(today: date, hour: str) -> None:
    blocked = []
    for scenario, trip in TRIPS:
        timed = trip_times.build_trip_schedule(charter_input(scenario, trip, today, hour), scenario.zone)
        codes = {notice.code for notice in timed.notices}
        assert codes <= {"hours_of_service", "relief_joins_on_the_way"}, (trip.notes, codes)
        blocked += [trip.notes for notice in timed.notices if notice.blocking]
    assert len(blocked) == 1
    assert blocked[0].startswith("Washington in a day")


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_trips_with_a_sent_quote_depart_in_the_future(today: date) -> None:
    for _, trip in TRIPS:
        if any(change.status == "sent" for change in trip.status_changes):
            assert trip.departure_date(today) > today, trip.notes


def test_price_adjustments_are_valid() -> None:
    bodies = [json.dumps(trip.price_adjustments) for _, trip in TRIPS if trip.price_adjustments is not None]
    adjustments = [PriceAdjustmentsInput.model_validate_json(body) for body in bodies]
    assert {(each.all_in_price is None, each.discount is None) for each in adjustments} == {
        (False, True),
        (True, False),
    }


def test_trips_have_plausible_miles() -> None:
    for scenario, trip in TRIPS:
        charter = charter_input(scenario, trip, DAYS[0])
        estimate = trip_times.build_trip_schedule(charter.model_copy(update={"miles": None}), scenario.zone).miles
        assert 0.75 <= trip.miles / float(estimate) <= 1.5, (trip.notes, trip.miles, estimate)


def test_status_changes_are_allowed_transitions() -> None:
    for _, trip in TRIPS:
        statuses = [CharterStatus(change.status) for change in trip.status_changes if change.status != "sent"]
        for before, after in zip([CharterStatus.QUOTE, *statuses], statuses, strict=False):
            assert TRANSITIONS.allows(before, after), trip.notes


def test_harbor_has_trips_and_assignments_in_every_status() -> None:
    trips = harbor.SCENARIO.trips
    final = {trip.status_changes[-1].status if trip.status_changes else "quote" for trip in trips}
    assert {plan.status for trip in trips for plan in trip.assignments} == set(ASSIGNMENT_STATUSES)
    assert final | {"confirmed", "in_progress"} == {*(str(status) for status in CharterStatus), "sent"}
    assert any(trip.weekly_count > 1 for trip in trips)
    assert any(trip.clone_after_days for trip in trips)
    days = [trip.departure_date(DAYS[0]) for trip in trips]
    assert max(days) - min(days) >= timedelta(days=7)


def test_names_are_unique() -> None:
    for scenario in SCENARIOS.values():
        for names in (
            [trip.notes for trip in scenario.trips],
            [client.name for client in scenario.clients],
            [client.body["email"] for client in scenario.clients],
            [rule["name"] for rule in scenario.rules],
            [vendor.name for vendor in scenario.vendors],
            [vendor.body["primary_email"] for vendor in scenario.vendors],
        ):
            assert len(names) == len(set(names))
    harbor_clients, prairie_clients = (
        {client.name for client in scenario.clients} for scenario in (harbor.SCENARIO, prairie.SCENARIO)
    )
    assert not harbor_clients & prairie_clients


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_request_bodies_are_valid(scenario: Scenario) -> None:
    client_ids = {client.name: ids.new("cli") for client in scenario.clients}
    for client in scenario.clients:
        ClientInput.model_validate_json(json.dumps(client.body, default=str))
        AddressInput.model_validate_json(json.dumps(client.address, default=str))
        for contact in client.contacts:
            ContactInput.model_validate_json(json.dumps(contact, default=str))
    for rule in scenario.rules:
        client_id = {"client_id": client_ids[rule["client_id"]]} if "client_id" in rule else {}
        RuleInput.model_validate_json(json.dumps({**rule, **client_id}, default=str))
    for amenity in scenario.amenities:
        AmenityInput.model_validate_json(json.dumps(amenity, default=str))
    for promo in scenario.promo_codes:
        PromoInput.model_validate_json(json.dumps(promo, default=str))
    for vendor in scenario.vendors:
        VendorInput.model_validate_json(json.dumps(vendor.body, default=str))
    vendor_ids = {vendor.name: ids.new("ven") for vendor in scenario.vendors}
    for body in (*(driver.body for driver in scenario.drivers), *scenario.vehicles):
        vendor_id = {"vendor_id": vendor_ids[body["vendor_id"]]} if "vendor_id" in body else {}
        if "plate" in body:
            VehicleInput.model_validate_json(json.dumps({**body, **vendor_id}, default=str))
        else:
            DriverInput.model_validate_json(
                json.dumps({**body, **vendor_id, "license_expires": date(2030, 1, 1)}, default=str)
            )
    required = {"name": "x", "timezone": scenario.zone, "currency": "USD"}
    OrganizationSettings.model_validate({**required, **scenario.settings})
    assert not scenario.client_of_user or scenario.client_of_user in client_ids
    assert not scenario.vendor_of_user or scenario.vendor_of_user in {vendor.name for vendor in scenario.vendors}


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_bids_are_from_eligible_vendors_and_close_before_departure(today: date) -> None:
    for scenario, trip in TRIPS:
        if trip.bid_request is None:
            continue
        eligible = {
            vendor.name: vendor.body
            for vendor in scenario.vendors
            if not vendor.is_applicant and not vendor.expiring_document
        }
        time_left = trip.departure_date(today) - today - timedelta(days=1)
        assert timedelta(hours=trip.bid_request.hours) < time_left, trip.notes
        charter = charter_input(scenario, trip, today)
        for plan in trip.bid_request.bids:
            bid, vendor = BidInput.model_validate({**plan.body, "charter_id": ids.new("chr")}), eligible[plan.vendor]
            assert bid.vehicle_type == charter.vehicle_class
            assert bid.vehicle_type in vendor["vehicle_types"]
            assert charter.passengers / charter.vehicle_count <= bid.passenger_capacity
            assert bid.passenger_capacity <= vendor["max_passenger_capacity"]
            assert parse_state(charter.stops[0].address) in vendor["service_states"]


def test_bid_requests_are_open_awarded_and_closed_without_bids() -> None:
    plans = [trip.bid_request for trip in harbor.SCENARIO.trips if trip.bid_request is not None]
    assert sorted((bool(plan.close_reason), bool(plan.award_reason), bool(plan.bids)) for plan in plans) == [
        (False, False, True),
        (True, False, False),
        (True, True, True),
    ]


def test_assignments_have_a_fitting_vehicle_of_the_operator_or_the_awarded_vendor() -> None:
    for scenario, trip in TRIPS:
        drivers = {driver.name: driver for driver in scenario.drivers if not driver.missing_document}
        vehicles = {vehicle["name"]: vehicle for vehicle in scenario.vehicles if vehicle["status"] == "in_service"}
        charter = charter_input(scenario, trip, DAYS[0])
        assert len(trip.assignments) in {0, charter.vehicle_count}, trip.notes
        is_awarded = trip.bid_request is not None and bool(trip.bid_request.award_reason)
        awarded = trip.bid_request.bids[0].vendor if trip.bid_request is not None and is_awarded else None
        for plan in trip.assignments:
            assert bool(plan.driver) == bool(plan.vehicle)
            if plan.driver:
                vehicle = vehicles[plan.vehicle]
                assert vehicle["vehicle_class"] == charter.vehicle_class
                assert charter.passengers / charter.vehicle_count <= vehicle["capacity"]
                assert {drivers[plan.driver].body.get("vendor_id"), vehicle.get("vendor_id")} == {awarded}
                assert (plan.assigned_by == "vendor") == (awarded is not None)


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_drivers_and_vehicles_have_no_overlapping_trips(today: date, hour: str) -> None:
    for scenario in SCENARIOS.values():
        jobs: dict[str, list[tuple[datetime, datetime, Coordinates, Coordinates]]] = {}
        for trip in scenario.trips:
            stops = assignment_stops(scenario, trip, today, hour)
            departure, arrival = stops[0].departure, stops[-1].arrival
            start, end = stops[0].place, stops[-1].place
            assert departure is not None
            assert arrival is not None
            assert start is not None
            assert end is not None
            loaded_at = local_time(today, hour, scenario.zone)
            assert not trip.assignments or arrival > loaded_at + timedelta(minutes=8), trip.notes
            for plan in trip.assignments:
                for name in (plan.driver, plan.vehicle) if plan.driver else ():
                    jobs.setdefault(name, []).append((departure, arrival, start, end))
        for name, intervals in jobs.items():
            for one, two in pairwise(sorted(intervals, key=lambda interval: interval[0])):
                transfer = timedelta(hours=miles_between(one[3], two[2]) * 1.3 / 50)
                assert two[0] - one[1] > transfer + timedelta(minutes=15), name


def test_users_have_every_built_in_role_and_valid_bodies() -> None:
    assert {user.role for user in users.DEMO.users} == set(BUILT_IN_ROLES)
    assert [user.role for user in users.OTHER.users] == ["admin"]
    for _, user in users.ALL_USERS:
        name = {"first_name": user.first_name, "last_name": user.last_name}
        NewAdmin.model_validate({"email": user.email, "password": users.PASSWORD, **name})
        party_id = ids.new(PARTY_ID_PREFIXES[user.role]) if user.role in PARTY_ID_PREFIXES else None
        body = {"email": user.email, "phone": user.phone, "role": user.role, "party_id": party_id, **name}
        NewUser.model_validate(body)
