"""What may be in the way of giving a trip to a driver and a vehicle, as answers say it. `judging` finds it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from coachway.core.schemas import BaseSchema


class Rule(StrEnum):
    """What may be in the way."""

    STATUS = "status"
    VENDOR = "vendor"
    AVAILABILITY = "availability"
    OVERLAP = "overlap"
    TRAVEL_TIME = "travel_time"
    LICENSE = "license"
    COMPLIANCE = "compliance"
    HOURS_OF_SERVICE = "hours_of_service"
    VEHICLE_CLASS = "vehicle_class"
    CAPACITY = "capacity"
    EQUIPMENT = "equipment"


class Reason(BaseSchema):
    """One rule that is in the way."""

    rule: Rule
    message: str
    citation: str | None = None
    clash_with: Annotated[str | None, Field(description="the assignment that is in the way")] = None

    def describe(self) -> str:
        """The rule, what is wrong, and where the rule comes from, in one line."""
        source = f" ({self.citation})" if self.citation and self.citation not in self.message else ""
        return f"{self.rule.replace('_', ' ')}: {self.message}{source}"
