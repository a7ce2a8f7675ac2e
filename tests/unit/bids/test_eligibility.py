"""Who may bid, and what is in the way of the others."""

from __future__ import annotations

from datetime import date

import pytest

from coachway.bids.evaluation.eligibility import (
    TripRequirements,
    VehicleOffer,
    VendorCapabilities,
    matching_ineligibility_reasons,
    parse_state,
    vehicle_ineligibility_reasons,
    vendor_ineligibility_reasons,
)
from coachway.compliance.rules import ComplianceStatus, DocumentType
from coachway.core.types.geo import Coordinates, miles_between

DAY = date(2027, 3, 3)
NEW_YORK, NEWARK, BOSTON = (
    Coordinates(40.7074, -74.0113),
    Coordinates(40.7357, -74.1724),
    Coordinates(42.3601, -71.0589),
)
TRIP = TripRequirements("coach", 2, 90, frozenset({"wifi"}), True, "NY", NEW_YORK, DAY, 1, 2)
CARRIER = VendorCapabilities(
    status="active",
    compliance=ComplianceStatus(on_date=DAY, is_compliant=True),
    states=["NY", "NJ"],
    garage=NEWARK,
    radius_miles=50,
    vehicle_classes=["coach"],
    largest_vehicle=56,
    amenities=["wifi"],
    is_ada_compliant=True,
)
OFFER = VehicleOffer("coach", 56, 2, ["wifi"], True, 1)


def test_one_who_has_everything_may_bid() -> None:
    assert (
        vendor_ineligibility_reasons(TRIP, CARRIER)
        == matching_ineligibility_reasons(TRIP, CARRIER)
        == vehicle_ineligibility_reasons(TRIP, OFFER)
        == []
    )


def test_each_thing_that_is_in_the_way_is_named() -> None:
    lacking = ComplianceStatus(
        on_date=DAY,
        is_compliant=False,
        missing=[DocumentType.BUSINESS_LICENSE],
        expired=[DocumentType.SAFETY_INSPECTION],
    )
    found = matching_ineligibility_reasons(
        TRIP,
        CARRIER._replace(
            status="suspended",
            compliance=lacking,
            states=["CA"],
            garage=BOSTON,
            vehicle_classes=["minibus"],
            largest_vehicle=30,
            amenities=[],
            is_ada_compliant=False,
        ),
    )
    assert found[:2] == ["Vendor is suspended, not active", "Missing required document: business_license"]
    for part in ("safety_inspection", "serves CA", "50 miles", "seats 30", "class coach", "wifi", "ADA"):
        assert any(part in each for each in found)
    assert len(found) == 9


def test_what_is_not_known_does_not_count_against_anybody() -> None:
    nowhere = TRIP._replace(state=None, pickup=None)
    assert vendor_ineligibility_reasons(nowhere, CARRIER._replace(states=["CA"], radius_miles=1)) == []
    assert (
        vendor_ineligibility_reasons(
            TRIP, CARRIER._replace(states=[], garage=None, vehicle_classes=[], largest_vehicle=0)
        )
        == []
    )


def test_who_never_had_papers_may_not_bid() -> None:
    assert vendor_ineligibility_reasons(TRIP, CARRIER._replace(compliance=None)) == [
        "Vendor has no compliance documents"
    ]


def test_each_vehicle_seats_its_share_of_the_passengers() -> None:
    assert TRIP.seats == 45
    assert vehicle_ineligibility_reasons(TRIP, OFFER._replace(seats=45)) == []
    assert "seats 44" in vehicle_ineligibility_reasons(TRIP, OFFER._replace(seats=44))[0]


def test_a_bid_for_an_earlier_revision_or_too_many_vehicles_does_not_do() -> None:
    found = vehicle_ineligibility_reasons(TRIP, OFFER._replace(revision=2, vehicles=3, vehicle_class="van"))
    assert [part in each for part, each in zip(("van", "3 vehicles", "revision 2"), found, strict=True)] == [True] * 3


def test_amenities_are_compared_whatever_joins_their_words() -> None:
    trip = TRIP._replace(amenities=frozenset({"reclining_seats"}))
    assert vehicle_ineligibility_reasons(trip, OFFER._replace(amenities=["reclining-seats"])) == []


@pytest.mark.parametrize(
    ("one", "other", "miles"),
    [
        (NEW_YORK, NEW_YORK, 0),
        (NEW_YORK, NEWARK, 8.7),
        (NEW_YORK, BOSTON, 190),
        (Coordinates(0, 0), Coordinates(0, 180), 12437),
    ],
)
def test_distances_are_those_on_the_globe(one: Coordinates, other: Coordinates, miles: float) -> None:
    assert miles_between(one, other) == pytest.approx(miles, rel=0.02, abs=0.01)
    assert miles_between(one, other) == miles_between(other, one)


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("11 Wall St, New York, NY", "NY"),
        ("11 Wall St, New York, NY 10005", "NY"),
        ("11 Wall St, New York, NY 10005-1234, USA", "NY"),
        ("1 Yonge St, Toronto, ON M5E 1W7, Canada", "ON"),
        ("Pier 4", None),
        ("Somewhere, XX", None),
        ("Gate B", None),
    ],
)
def test_a_state_is_read_from_an_address(address: str, state: str | None) -> None:
    assert parse_state(address) == state
