"""What events about bidding say, as far as a mail tells of it.

Bids stand on a higher floor, so their classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.core.documents.formatting import Formatter, vehicles
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class Bidding(BaseSchema):
    """Bidding for a charter, as the organization is told of it."""

    model_config = ConfigDict(extra="ignore")

    number: str
    deadline: AwareDatetime
    bids: int


class DecisionNeeded(Bidding):
    """A manager has to choose."""

    escalated: bool


class NoBids(Bidding):
    """Bidding came to nothing."""

    reason: str


class Invited(BaseSchema):
    """A vendor is asked to bid."""

    model_config = ConfigDict(extra="ignore")

    number: str
    deadline: AwareDatetime
    invitation_id: str
    vendor_name: str
    vendor_email: str
    link_nonce: str
    starts_at: AwareDatetime
    timezone: str
    pickup: str
    dropoff: str
    vehicle_class: str
    vehicle_count: int
    passengers: int
    message: str

    def when(self, words: Formatter) -> str:
        """`Wednesday, March 3, 2027, 9:00 AM EST`, on the clock of the first stop."""
        return words.moment(self.starts_at, self.timezone)

    def vehicles(self) -> str:
        """`Coach`, or `2 × Minibus`."""
        return vehicles(self.vehicle_count, self.vehicle_class)


class Decided(BaseSchema):
    """What was decided of a vendor's bid."""

    model_config = ConfigDict(extra="ignore")

    number: str
    vendor_name: str
    vendor_email: str
    reason: str


class CalledOff(Decided):
    """A bid had won, and its vendor need not come."""

    vehicle_count: int


class Accepted(Decided):
    """A bid won."""

    quoted_price: Amount
    currency: str
    payout_date: date
    vehicles: list[int] = Field(default_factory=list)
    starts_at: AwareDatetime
    timezone: str
