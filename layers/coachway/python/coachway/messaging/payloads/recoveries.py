"""What events about recoveries say, as far as a message tells of it.

Dispatch stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from pydantic import AwareDatetime, ConfigDict

from coachway.core.documents.formatting import Formatter
from coachway.core.schemas import BaseSchema

_WHY = {
    "breakdown": "the vehicle broke down",
    "no_show": "the driver did not come",
    "late_risk": "the vehicle would be late",
    "other": "something came between",
}


class _Recovery(BaseSchema):
    model_config = ConfigDict(extra="ignore")

    number: str
    driver_name: str
    vehicle_name: str
    reason: str
    timezone: str
    pickup_at: AwareDatetime
    pickup: str
    dropoff: str

    @property
    def cause(self) -> str:
        """Why somebody else is needed, in words."""
        return _WHY.get(self.reason, _WHY["other"])

    def when(self, words: Formatter) -> str:
        """When passengers are picked up, on the clock of the first stop: `Wed, Mar 3, 9:00 AM EST`."""
        at, zone = self.pickup_at, self.timezone
        return f"{words.short_day(at, zone)}, {words.clock(at, zone)} {words.zone(at, zone)}"


class Offer(BaseSchema):
    """Who is asked, and until when they may answer."""

    model_config = ConfigDict(extra="ignore")

    driver_name: str
    vehicle_name: str
    expires_at: AwareDatetime


class Offered(_Recovery):
    """A driver is asked to take a trip over."""

    driver_phone: str | None
    offer: Offer

    def until(self, words: Formatter) -> str:
        """Until when they may answer: `9:10 AM EST`."""
        at, zone = self.offer.expires_at, self.timezone
        return f"{words.clock(at, zone)} {words.zone(at, zone)}"


class Escalated(_Recovery):
    """Nobody could take it over."""

    why: str
    asked: int


class Recovered(_Recovery):
    """Somebody took it over."""

    replacement_driver_name: str
    replacement_vehicle_name: str
    client_name: str
    client_email: str
