"""The request for a price that an hours-of-service check makes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.core import errors
from coachway.hours import itinerary
from coachway.pricing.hours_checks.schemas import HoursCheckRequest
from coachway.pricing.hours_checks.service import build_quote_request

ADDRESSES = st.text(st.characters(codec="utf-8"), max_size=300) | st.text("ab ,>→\n\u200b\u202e\x7f", max_size=250)
STOPS = st.fixed_dictionaries(
    {"address": ADDRESSES},
    optional={
        "latitude": st.floats(-90, 90),
        "longitude": st.floats(-180, 180),
        "timezone": st.sampled_from(["America/New_York", "UTC", "EST5EDT"]),
        "estimated_departure": st.sampled_from(
            ["2000-01-01T00:00:00+14:00", "2027-11-07T01:30:00-05:00", "2199-12-31T23:59:00-12:00"]
        ),
    },
)


@settings(max_examples=100, deadline=None)
@given(
    stops=st.lists(STOPS, min_size=2, max_size=4),
    vehicle_class=st.sampled_from(["coach", " Mini_Bus-2 ", "double decker"]),
    miles=st.sampled_from([None, 0, 0.01, 10_000]),
)
def test_every_accepted_itinerary_can_be_priced_and_checked(
    stops: list[dict[str, Any]], vehicle_class: str, miles: float | None
) -> None:
    try:
        request = HoursCheckRequest.model_validate({"stops": stops, "vehicle_class": vehicle_class, "miles": miles})
    except ValidationError:
        return  # refused by the outer type
    priced = build_quote_request(request)
    has_time = any(stop.estimated_departure for stop in request.stops)
    assert (priced is not None) == has_time
    try:
        check = itinerary.check_itinerary(request.to_hours_trip())
    except errors.Invalid:
        return
    assert check.drivers == 1
