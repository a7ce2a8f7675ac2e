"""What events about assignments say, as far as a message tells of it.

Dispatch stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from pydantic import AwareDatetime, ConfigDict

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema


class Offered(BaseSchema):
    """A trip was given to a driver."""

    model_config = ConfigDict(extra="ignore")

    number: str
    driver_name: str
    driver_phone: str | None
    second_driver_name: str | None
    second_driver_phone: str | None
    vehicle_name: str
    timezone: str
    starts_at: AwareDatetime
    pickup_at: AwareDatetime
    pickup: str

    def when(self, words: Formatter) -> str:
        """When passengers are picked up, on the clock of the first stop: `Wed, Mar 3, 9:00 AM EST`."""
        zone = self.timezone
        at = self.pickup_at
        return f"{words.short_day(at, zone)}, {words.clock(at, zone)} {words.zone(at, zone)}"


class Released(Offered):
    """It was taken off the driver."""

    reason: str


class Declined(Released):
    """One of its drivers does not drive it, so the other does not either."""

    driver_id: str
    second_driver_id: str | None
    declined_by: str | None = None


class Uncovered(Released):
    """A trip has no driver any more, or may lose one."""
