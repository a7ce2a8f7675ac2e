"""What a trip asks of a vehicle beyond its seats, and what a vehicle lacks of it. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ACCESSIBLE: Final = frozenset(
    {"ada", "ada_compliant", "wheelchair", "wheelchair_accessible", "wheelchair_lift", "wheelchair_ramp"}
)
"""Amenities by which a trip asks for a vehicle that takes wheelchairs; codes are compared with `-` as `_`."""


def normalize_code(code: str) -> str:
    """An amenity's code as it is compared."""
    return code.lower().replace("-", "_")


def required_amenities(codes: Iterable[str]) -> tuple[frozenset[str], bool]:
    """The amenities that a trip's codes ask for, and whether its vehicles must take wheelchairs."""
    wanted = frozenset(normalize_code(code) for code in codes)
    return wanted - ACCESSIBLE, bool(wanted & ACCESSIBLE)


def missing_amenities(
    wanted: Iterable[str], needs_ada: bool, amenities: Iterable[str], is_ada_compliant: bool
) -> list[str]:
    """What a vehicle with these amenities lacks, one sentence each; empty if it has all."""
    missing = sorted(set(wanted) - {normalize_code(each) for each in amenities})
    found = [f"Does not offer amenity: {each}" for each in missing]
    if needs_ada and not is_ada_compliant:
        found.append("Vehicle is not ADA compliant")
    return found
