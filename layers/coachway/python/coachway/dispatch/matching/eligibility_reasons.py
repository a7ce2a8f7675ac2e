"""Reasons against the assignment of a driver or vehicle, as the API returns them. `eligibility` finds them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from coachway.core.persistence.records import stored_as
from coachway.core.schemas import BaseSchema


class Rule(StrEnum):
    """The rule that a reason is about."""

    STATUS = "status"
    VENDOR = "vendor"
    AVAILABILITY = "availability"
    DOWNTIME = "downtime"
    HOLD = "hold"
    OVERLAP = "overlap"
    TRAVEL_TIME = "travel_time"
    LICENSE = "license"
    COMPLIANCE = "compliance"
    HOURS_OF_SERVICE = "hours_of_service"
    VEHICLE_CLASS = "vehicle_class"
    CAPACITY = "capacity"
    EQUIPMENT = "equipment"


class Reason(BaseSchema):
    """A reason why a driver or vehicle cannot be assigned."""

    rule: Rule
    message: str
    citation: str | None = None
    conflicting_assignment_id: Annotated[
        str | None,
        Field(description="The assignment that conflicts with the trip."),
        stored_as("clash_with", "conflicting_assignment_id"),
    ] = None

    conflicting_hold_id: Annotated[
        str | None, Field(description="The hold for another charter that conflicts with the trip.")
    ] = None

    def describe(self) -> str:
        """Describe the rule, the problem and the source of the rule in one line."""
        source = f" ({self.citation})" if self.citation and self.citation not in self.message else ""
        return f"{self.rule.replace('_', ' ')}: {self.message}{source}"
