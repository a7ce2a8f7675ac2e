"""The vehicles that a trip needs: of one class, or of several."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.core.schemas import RequestSchema
from coachway.core.types.code_words import format_vehicle_groups
from coachway.core.types.vehicle_classes import VehicleClass

MAX_VEHICLES: Final = 100


class VehicleGroup(RequestSchema):
    """Vehicles of one class."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vehicle_class": "minibus", "count": 2}]})

    vehicle_class: VehicleClass
    count: Annotated[int, Field(ge=1, le=MAX_VEHICLES)]


VehicleGroups = Annotated[
    list[VehicleGroup],
    Field(
        max_length=10,
        description="Vehicles of several classes, each class once. Their numbers follow this order: of one coach and "
        "two minibuses, vehicle 1 is the coach. Empty if all vehicles are of `vehicle_class`.",
        examples=[[]],
    ),
]
"""The groups of a trip with several vehicle classes, else empty."""


def _remove_default(schema: dict[str, object]) -> None:
    schema.pop("default", None)


class TripVehicles(RequestSchema):
    """The vehicles of a trip: a class and a number, or groups of several classes.

    With groups, `vehicle_class` is the class of the first group, and `vehicle_count` the number of all vehicles.
    """

    vehicle_class: Annotated[
        VehicleClass,
        Field(description="Can be omitted with `vehicle_groups`.", json_schema_extra=_remove_default),
    ] = ""
    vehicle_count: Annotated[
        int, Field(ge=1, le=MAX_VEHICLES, description="The number of all vehicles. Can be omitted with vehicle_groups.")
    ] = 1
    vehicle_groups: VehicleGroups = Field(default_factory=list)

    @model_validator(mode="after")
    def _complete_vehicles(self) -> Self:
        if not self.vehicle_groups:
            if not self.vehicle_class:
                raise ValueError("vehicle_class: is required without vehicle_groups")
            return self
        first, total = self.vehicle_groups[0].vehicle_class, count_vehicles(self.vehicle_groups)
        if len({group.vehicle_class for group in self.vehicle_groups}) < len(self.vehicle_groups):
            raise ValueError("vehicle_groups: must have each class once")
        if total > MAX_VEHICLES:
            raise ValueError(f"vehicle_groups: must be at most {MAX_VEHICLES} vehicles together")
        if "vehicle_class" in self.model_fields_set and self.vehicle_class != first:
            raise ValueError(f"vehicle_class: omit it, or send {first}, the first class in vehicle_groups")
        if "vehicle_count" in self.model_fields_set and self.vehicle_count != total:
            raise ValueError(f"vehicle_count: omit it, or send {total}, the number of vehicles in vehicle_groups")
        self.vehicle_class, self.vehicle_count = first, total
        if len(self.vehicle_groups) == 1:
            self.vehicle_groups = []
        return self

    def list_groups(self) -> list[VehicleGroup]:
        """The groups; one if all vehicles are of the same class."""
        return list_groups(self.vehicle_class, self.vehicle_count, self.vehicle_groups)

    def get_vehicle_class(self, number: int) -> str:
        """The class of the vehicle with this number, counted from 1."""
        return get_vehicle_class(self.vehicle_class, self.vehicle_groups, number)


def get_vehicle_class(vehicle_class: str, vehicle_groups: Sequence[VehicleGroup], number: int) -> str:
    """The class of a trip's vehicle with this number, counted from 1."""
    remaining = number
    for group in vehicle_groups:
        if remaining <= group.count:
            return group.vehicle_class
        remaining -= group.count
    return vehicle_class


def list_groups(vehicle_class: str, vehicle_count: int, vehicle_groups: Sequence[VehicleGroup]) -> list[VehicleGroup]:
    """The groups of a trip; one if all its vehicles are of the same class."""
    return list(vehicle_groups) or [VehicleGroup.model_construct(vehicle_class=vehicle_class, count=vehicle_count)]


def describe_vehicles(vehicle_class: str, vehicle_count: int, vehicle_groups: Sequence[VehicleGroup]) -> str:
    """The vehicles of a trip in words: `Coach`, `2 × Minibus` or `Coach, 2 × Minibus`."""
    groups = list_groups(vehicle_class, vehicle_count, vehicle_groups)
    return format_vehicle_groups((group.count, group.vehicle_class) for group in groups)


def count_vehicles(groups: Sequence[VehicleGroup]) -> int:
    """The number of all vehicles."""
    return sum(group.count for group in groups)


def divide_passengers(
    groups: Sequence[VehicleGroup], passengers: int, seats_by_class: Mapping[str, int]
) -> dict[str, int]:
    """The passengers for whom each vehicle of a class needs seats: proportional to the seats of the class.

    All vehicles get the same number if the seats of a class are unknown.
    """
    if not all(group.vehicle_class in seats_by_class for group in groups):
        return {group.vehicle_class: ceil(passengers / count_vehicles(groups)) for group in groups}
    total = sum(group.count * seats_by_class[group.vehicle_class] for group in groups)
    return {group.vehicle_class: -(-passengers * seats_by_class[group.vehicle_class] // total) for group in groups}
