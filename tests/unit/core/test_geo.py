"""Coordinates in requests."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from coachway.bookings.charters.trip_model import Stop
from coachway.core import errors
from coachway.core.schemas import PartialUpdate, RequestSchema, apply_changes
from coachway.core.types.stored_values import STORED
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, DriverInput, VehicleInput
from coachway.places.model import RouteStop, SuggestInput
from coachway.pricing.hours_checks.schemas import ItineraryStop
from coachway.sales.leads.model import LeadInput
from coachway.vendors.model import VENDOR_EXAMPLE, VendorInput
from tests.unit.test_request_texts import OPENAPI

INPUTS: list[tuple[type[RequestSchema], dict[str, object], str]] = [
    (Stop, {"address": "11 Wall St"}, ""),
    (ItineraryStop, {"address": "11 Wall St"}, ""),
    (DriverInput, dict(DRIVER_EXAMPLE), "home_"),
    (VehicleInput, dict(VEHICLE_EXAMPLE), "garage_"),
    (VendorInput, dict(VENDOR_EXAMPLE), "garage_"),
    (LeadInput, {"first_name": "Bob", "email": "bob@wilson.example", "status": "new"}, "pickup_"),
    (RouteStop, {"address": "11 Wall St"}, ""),
    (SuggestInput, {"query": "11 Wall St"}, ""),
]


def place(prefix: str, latitude: float | None, longitude: float | None) -> dict[str, float | None]:
    return {f"{prefix}latitude": latitude, f"{prefix}longitude": longitude}


@pytest.mark.parametrize(("model", "example", "prefix"), INPUTS)
def test_place_of_input_is_not_zero_and_has_both_coordinates(
    model: type[RequestSchema], example: dict[str, object], prefix: str
) -> None:
    for near_zero in (0, -0.0, 1e-9, -0.09):
        with pytest.raises(ValidationError, match=f"{prefix}latitude, {prefix}longitude: must not both be about 0"):
            model.model_validate({**example, **place(prefix, 0.0, near_zero)})
    for half in (place(prefix, 1, None), place(prefix, None, 1)):
        with pytest.raises(ValidationError, match="set both or neither"):
            model.model_validate({**example, **half})
    for values in ((0, 6.73), (51.48, 0), (None, None), (0.1, 0)):
        model.model_validate({**example, **place(prefix, *values)})
    model.model_validate({**example, **place(prefix, 0, 0)}, context=STORED)


def test_update_keeps_a_stored_place_at_zero_but_does_not_accept_it() -> None:
    stored = VehicleInput.model_validate({**VEHICLE_EXAMPLE, **place("garage_", 0, 0)}, context=STORED)
    assert apply_changes(stored, PartialUpdate({"name": "Coach 2"})).garage_latitude == 0
    half = stored.model_copy(update={"garage_latitude": 5.0})
    for entity, changes in ((stored, place("garage_", 0, 0)), (half, {"garage_latitude": 0.0})):
        with pytest.raises(errors.Invalid, match="must not both be about 0"):
            apply_changes(entity, PartialUpdate(changes))


def test_every_request_with_coordinates_is_tested() -> None:
    requests = {
        name.removeprefix("New").removeprefix("Public").removesuffix("Changes").removesuffix("Input")
        for name, schema in OPENAPI["components"]["schemas"].items()
        if schema.get("additionalProperties") is False and "latitude" in " ".join(schema["properties"])
    }
    assert requests - {"PositionReport"} == {model.__name__.removesuffix("Input") for model, _, _ in INPUTS}
