"""What events about charters say, as far as a mail tells of it.

Bookings stand on a higher floor, so their classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from typing import Final

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.core.documents.formatting import Formatter, vehicles
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount

_STOPS: Final = {"pickup": "Pickup", "dropoff": "Drop-off", "waypoint": "Stop"}


class Stop(BaseSchema):
    """One stop, on its own clock."""

    model_config = ConfigDict(extra="ignore")

    stop_type: str
    address: str
    timezone: str
    arrival: AwareDatetime | None = None
    departure: AwareDatetime | None = None


class Trip(BaseSchema):
    """What every such event says. Amounts are in `currency`."""

    model_config = ConfigDict(extra="ignore")

    number: str
    client_name: str
    client_email: str
    timezone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    vehicle_class: str
    vehicle_count: int
    passengers: int
    total: Amount
    currency: str
    stops: list[Stop] = Field(default_factory=list)

    def when(self, words: Formatter) -> str:
        """`Wednesday, March 3, 2027, 9:00 AM EST`, on the clock of the first stop."""
        return words.moment(self.starts_at, self.timezone)

    def vehicles(self) -> str:
        """`Coach`, or `2 × Minibus`."""
        return vehicles(self.vehicle_count, self.vehicle_class)

    def price(self, words: Formatter) -> str:
        """What it costs: `$726.50`."""
        return words.money(self.total, self.currency)

    def places(self, words: Formatter) -> list[tuple[str, str]]:
        """Each stop: `Pickup, 9:00 AM EST` and where; with the day, when it is another than the stop's before."""
        said = []
        today = words.local(self.starts_at, self.timezone).date()
        for stop in self.stops:
            label = _STOPS.get(stop.stop_type, "Stop")
            at = stop.departure or stop.arrival
            if at is not None:
                day = words.local(at, stop.timezone).date()
                label += f", {words.short_day(at, stop.timezone)}" if day != today else ""
                label += f", {words.clock(at, stop.timezone)} {words.zone(at, stop.timezone)}"
                today = day
            said.append((label, stop.address))
        return said


class QuoteSent(Trip):
    """A client gets a link to its quote."""

    revision_number: int
    link_nonce: str
    expires_at: AwareDatetime


class Booked(Trip):
    """A charter will take place."""

    accepted_by: str = ""


class Declined(Trip):
    """A client does not want what it was quoted."""

    reason: str = ""


class Cancelled(Trip):
    """A charter will not take place."""

    reason: str = ""
    initiated_by: str = ""
    refund: Amount = 0
