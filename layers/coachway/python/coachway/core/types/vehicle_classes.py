"""Vehicle classes, and the classes of a new organization."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

VEHICLE_CLASS_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"

VehicleClass = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=VEHICLE_CLASS_PATTERN),
    Field(examples=["coach"]),
]
"""A vehicle class: `coach`, `minibus`, `sedan`."""


def _require_distinct_classes(value: Any) -> Any:
    """Refuse two spellings of one class: only one of their numbers of seats could be kept."""
    if not isinstance(value, dict):
        return value
    spellings: dict[str, str] = {}
    for spelling in value:
        vehicle_class = unicodedata.normalize("NFKC", spelling).strip().lower()
        if vehicle_class in spellings:
            raise ValueError(
                f'must have each class once: "{spellings[vehicle_class]}" and "{spelling}" are the same class'
            )
        spellings[vehicle_class] = spelling
    return value


SeatsByClass = Annotated[
    dict[VehicleClass, Annotated[int, Field(ge=1, le=200)]],
    Field(min_length=1, max_length=50),
    BeforeValidator(_require_distinct_classes),
    WithJsonSchema(  # generators of clients do not read pydantic's `patternProperties`
        {
            "type": "object",
            "propertyNames": {"pattern": VEHICLE_CLASS_PATTERN},
            "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 200},
            "minProperties": 1,
            "maxProperties": 50,
            "examples": [{"coach": 56, "minibus": 35}],
        }
    ),
]
"""The passenger seats of the largest vehicle of each class."""

DEFAULT_SEATS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "sedan": 3,
        "suv": 6,
        "minivan": 6,
        "limousine": 8,
        "van": 14,
        "sprinter": 14,
        "shuttle": 30,
        "minibus": 35,
        "trolley": 36,
        "party_bus": 40,
        "coach": 56,
        "motorcoach": 56,
        "school_bus": 72,
        "double_decker": 81,
    }
)
"""The usual classes of the trade, with the seats of their usual largest vehicle."""
