"""Eligibility of vendors and vehicles for a trip."""

from __future__ import annotations

from datetime import date

import pytest

from coachway.bids.evaluation.eligibility import (
    ClassRequirements,
    TripRequirements,
    VehicleOffer,
    VendorCapabilities,
    matching_ineligibility_reasons,
    parse_state,
    vehicle_ineligibility_reasons,
    vendor_ineligibility_reasons,
)
from coachway.compliance.rules import DocumentCompliance, DocumentType
from coachway.core.types.geo import Coordinates, miles_between

DAY = date(2027, 3, 3)
NEW_YORK, NEWARK, BOSTON = (
    Coordinates(40.7074, -74.0113),
    Coordinates(40.7357, -74.1724),
    Coordinates(42.3601, -71.0589),
)
COACHES = ClassRequirements("coach", 2, 45, 2)
TRIP = TripRequirements([COACHES], frozenset({"wifi"}), True, "NY", NEW_YORK, DAY, 1)
MIXED = TRIP._replace(classes=[COACHES, ClassRequirements("minibus", 1, 28, 1)])
CARRIER = VendorCapabilities(
    status="active",
    compliance=DocumentCompliance(on_date=DAY, is_compliant=True),
    states=["NY", "NJ"],
    garage=NEWARK,
    radius_miles=50,
    vehicle_classes=["coach"],
    largest_vehicle=56,
    amenities=["wifi"],
    is_ada_compliant=True,
)
OFFER = VehicleOffer("coach", 56, 2, ["wifi"], True, 1)


def test_ineligibility_reasons_of_a_suitable_vendor_are_empty() -> None:
    assert (
        vendor_ineligibility_reasons(TRIP, CARRIER)
        == matching_ineligibility_reasons(TRIP, CARRIER)
        == vehicle_ineligibility_reasons(TRIP, OFFER)
        == []
    )


def test_matching_ineligibility_reasons_name_every_reason() -> None:
    status = DocumentCompliance(
        on_date=DAY,
        is_compliant=False,
        missing=[DocumentType.BUSINESS_LICENSE],
        expired=[DocumentType.SAFETY_INSPECTION],
    )
    reasons = matching_ineligibility_reasons(
        TRIP,
        CARRIER._replace(
            status="suspended",
            compliance=status,
            states=["CA"],
            garage=BOSTON,
            vehicle_classes=["minibus"],
            largest_vehicle=30,
            amenities=[],
            is_ada_compliant=False,
        ),
    )
    assert reasons[:2] == ["Vendor is suspended, not active", "Missing required document: business license"]
    for part in ("safety inspection", "serves CA", "50 miles", "seats 30", "class coach", "wifi", "ADA"):
        assert any(part in each for each in reasons)
    assert len(reasons) == 9


def test_vendor_ineligibility_reasons_ignore_unknown_values() -> None:
    nowhere = TRIP._replace(state=None, pickup=None)
    assert vendor_ineligibility_reasons(nowhere, CARRIER._replace(states=["CA"], radius_miles=1)) == []
    assert (
        vendor_ineligibility_reasons(
            TRIP, CARRIER._replace(states=[], garage=None, vehicle_classes=[], largest_vehicle=0)
        )
        == []
    )


def test_vendor_ineligibility_reasons_without_documents_name_them() -> None:
    assert vendor_ineligibility_reasons(TRIP, CARRIER._replace(compliance=None)) == [
        "Vendor has no compliance documents"
    ]


def test_vehicle_ineligibility_reasons_compare_seats_per_vehicle() -> None:
    assert vehicle_ineligibility_reasons(TRIP, OFFER._replace(seats=45)) == []
    assert "seats 44" in vehicle_ineligibility_reasons(TRIP, OFFER._replace(seats=44))[0]


def test_vehicle_ineligibility_reasons_name_revision_count_and_class() -> None:
    reasons = vehicle_ineligibility_reasons(TRIP, OFFER._replace(revision=2, vehicles=3, vehicle_class="van"))
    assert [part in each for part, each in zip(("van", "3 vehicles", "revision 2"), reasons, strict=True)] == [True] * 3


def test_vendor_ineligibility_reasons_of_several_classes_require_one_that_is_left() -> None:
    minibuses = CARRIER._replace(vehicle_classes=["minibus"], largest_vehicle=28)
    assert vendor_ineligibility_reasons(MIXED, minibuses) == []
    assert vendor_ineligibility_reasons(MIXED, CARRIER) == []
    assert vendor_ineligibility_reasons(MIXED, minibuses._replace(largest_vehicle=27)) == [
        "Largest vehicle seats 27, the trip needs 28"
    ]
    assert vendor_ineligibility_reasons(MIXED, CARRIER._replace(vehicle_classes=["van"])) == [
        "Has no vehicle of class coach or minibus"
    ]
    without_minibus = TRIP._replace(classes=[COACHES, ClassRequirements("minibus", 1, 28, 0)])
    assert "Has no vehicle of class coach" in vendor_ineligibility_reasons(without_minibus, minibuses)


def test_vehicle_ineligibility_reasons_of_several_classes_are_those_of_the_offered_class() -> None:
    minibus = OFFER._replace(vehicle_class="minibus", seats=28, vehicles=1)
    assert vehicle_ineligibility_reasons(MIXED, minibus) == []
    assert vehicle_ineligibility_reasons(MIXED, OFFER) == []
    assert vehicle_ineligibility_reasons(MIXED, minibus._replace(seats=27)) == ["Vehicle seats 27, the trip needs 28"]
    assert "still needs 1 of 1" in vehicle_ineligibility_reasons(MIXED, minibus._replace(vehicles=2))[0]
    assert "needs coach or minibus" in vehicle_ineligibility_reasons(MIXED, OFFER._replace(vehicle_class="van"))[0]


def test_vehicle_ineligibility_reasons_ignore_separators_in_amenities() -> None:
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
def test_miles_between_is_the_great_circle_distance(one: Coordinates, other: Coordinates, miles: float) -> None:
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
def test_parse_state_returns_the_state_at_the_end_of_an_address(address: str, state: str | None) -> None:
    assert parse_state(address) == state
