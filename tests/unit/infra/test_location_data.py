"""How the sandbox of the map service reads addresses."""

from __future__ import annotations

import pytest

from infra.local.sandboxes import location_data


@pytest.mark.parametrize(
    ("address", "place_type", "label", "zone"),
    [
        (
            "11 Wall St, New York, NY 10005",
            "PointAddress",
            "11 Wall St, New York, NY 10005, United States",
            "America/New_York",
        ),
        ("11 wall st new york ny", "PointAddress", "11 wall st, New York, NY, United States", "America/New_York"),
        ("11 Wall St, New York", "PointAddress", "11 Wall St, New York, NY, United States", "America/New_York"),
        ("Main St, Boston, MA, USA", "Street", "Main St, Boston, MA, United States", "America/New_York"),
        ("Los Angeles, California", "Locality", "Los Angeles, CA, United States", "America/Los_Angeles"),
        ("60601-1234", "PostalCode", "Chicago, IL 60601, United States", "America/Chicago"),
        (
            "5 Main Street, 90210",
            "PointAddress",
            "5 Main Street, Beverly Hills, CA 90210, United States",
            "America/Los_Angeles",
        ),
        (
            "JFK",
            "PointOfInterest",
            "John F Kennedy International Airport, New York, NY, United States",
            "America/New_York",
        ),
        ("100 King St, Toronto", "PointAddress", "100 King St, Toronto, CA", "America/Toronto"),
    ],
)
def test_find_places_reads_address(address: str, place_type: str, label: str, zone: str) -> None:
    place = location_data.find_places(address)[0]
    assert (place.place_type, place.label, place.timezone, place.score) == (place_type, label, zone, 1.0)


@pytest.mark.parametrize(
    "address", ["", ",", "123", "The old depot", "99999", "\u0000", "(((", "1 Main St, Nowhereville, NY"]
)
def test_find_places_of_unknown_address_is_empty(address: str) -> None:
    assert location_data.find_places(address) == []


def test_find_places_of_zip_code_in_another_state_matches_badly() -> None:
    assert [place.score for place in location_data.find_places("1 Main St, Boston, MA 90210")] == [0.7]


def test_find_places_of_ambiguous_city_finds_the_largest_first() -> None:
    places = location_data.find_places("Springfield")
    assert len({place.state for place in places}) == len(places) == 5


def test_find_nearest_knows_land_only() -> None:
    nearest = location_data.find_nearest(41.88, -87.62)
    assert nearest is not None
    assert (nearest.city, nearest.state) == ("Chicago", "IL")
    assert location_data.find_nearest(30.0, -40.0) is None
