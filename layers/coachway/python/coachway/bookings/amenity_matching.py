"""Amenities that a trip requires, and those that a vehicle lacks."""

from collections.abc import Iterable
from typing import Final

ACCESSIBLE: Final = frozenset(
    {"ada", "ada_compliant", "wheelchair", "wheelchair_accessible", "wheelchair_lift", "wheelchair_ramp"}
)
"""Normalized amenity codes that require an ADA compliant vehicle."""


def normalize_code(code: str) -> str:
    """An amenity's code in lower case, with `_` for `-`."""
    return code.lower().replace("-", "_")


def required_amenities(codes: Iterable[str]) -> tuple[frozenset[str], bool]:
    """The normalized amenities of a trip, and whether its vehicles must be ADA compliant."""
    requested = frozenset(normalize_code(code) for code in codes)
    return requested - ACCESSIBLE, bool(requested & ACCESSIBLE)


def missing_amenities(
    requested: Iterable[str], needs_ada: bool, amenities: Iterable[str], is_ada_compliant: bool
) -> list[str]:
    """One sentence for each requirement that the vehicle does not meet."""
    missing = sorted(set(requested) - {normalize_code(each) for each in amenities})
    problems = [f"Does not offer amenity: {each}" for each in missing]
    if needs_ada and not is_ada_compliant:
        problems.append("Vehicle is not ADA compliant")
    return problems
