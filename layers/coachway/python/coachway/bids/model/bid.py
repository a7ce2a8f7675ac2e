"""The record of a bid, and its access patterns in the table.

Prices and terms are in `terms`, apart from the other fields. No event or history contains them, and only
`bids.visibility` adds them to responses, because it decides who can see them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.bids.rules import BidStatus
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note, Text
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.pricing.rule_model import AmenityCode

BidId = Annotated[str, Field(pattern=ids.pattern("bid"))]
BidRequestId = Annotated[str, Field(pattern=ids.pattern("brq"))]

BID = AccessPattern("a bid", pk="ORG#{org}#BID#{id}", sk="HEAD")
BY_CHARTER = AccessPattern(
    "the bids for a charter, oldest first",
    index="gsi1",
    pk="ORG#{org}#BIDS_FOR#{charter}",
    sk="{id}",
)
BY_VENDOR = AccessPattern(
    "the bids of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#BIDS_OF#{vendor}",
    sk="{id}",
)
BY_MONTH = AccessPattern(
    "bids, newest first, by the month they were created",
    index="gsi3",
    pk="ORG#{org}#BIDS#{month}",
    sk="{id}",
)
DUE = AccessPattern(
    "bids of all organizations by the hour in which they expire, for the timer",
    index="gsi4",
    pk="BIDS_EXPIRING#{hour}",
    sk="{expires}#{id}",
)


class BidTerms(BaseSchema):
    """The price and the terms of a bid."""

    quoted_price: Annotated[NonNegativeApiAmount, Field(gt=0, description="Price for all vehicles of the bid.")]
    base_price: NonNegativeApiAmount | None = None
    mileage_charge: NonNegativeApiAmount | None = None
    fuel_surcharge: NonNegativeApiAmount | None = None
    payment_terms: Annotated[Text | None, Personal("vendor")] = None
    cancellation_policy: Annotated[Note, Personal("vendor")] = ""
    notes: Annotated[Note, Personal("vendor")] = ""


class OfferedVehicles(BaseSchema):
    """The vehicles that a bid offers. They are visible while prices are sealed."""

    vehicle_type: VehicleClass
    passenger_capacity: Annotated[int, Field(ge=1, le=1000, description="Seats of each vehicle.")]
    vehicle_id: Annotated[str | None, Field(max_length=60, pattern=r"^[\x21-\x7e]+$")] = None
    driver_name: Annotated[Text | None, Personal("driver")] = None
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=50)
    is_ada_compliant: bool = False
    has_luggage_space: bool = False


class Bid(Entity, OfferedVehicles):
    """A bid."""

    KIND: ClassVar[str] = "bid"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"terms", "is_for_one_class"})

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")] = ""
    charter_id: str
    charter_number: str
    charter_revision: int
    bid_request_id: str | None = None
    vehicle_count: int
    is_for_one_class: bool = False
    """Whether the charter has several vehicle classes. A vendor can bid for each of them."""
    terms: BidTerms = Field(repr=False)
    currency: str
    status: BidStatus = BidStatus.DRAFT
    submitted_at: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    decided_at: AwareDatetime | None = None
    decided_by: str | None = None
    decision_reason: Annotated[str, Personal()] = ""
    vehicles_awarded: list[int] = Field(default_factory=list)
    payout_date: Day | None = None
    award_released_at: Annotated[AwareDatetime | None, stored_as("called_off_at", "award_released_at")] = None
    """When the award was released or the charter was cancelled, so that the vendor does not run the trip."""
    award_release_reason: Annotated[str, Personal(), stored_as("called_off_reason", "award_release_reason")] = ""
    message_to_vendor: Annotated[
        str, Field(description="Message to the vendor about the decision. Reasons are internal."), Personal()
    ] = ""

    def key(self) -> Key:
        return BID.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        keys = {
            "gsi1": BY_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
            "gsi2": BY_VENDOR.key(org=self.org_id, vendor=self.vendor_id, id=self.id),
            "gsi3": BY_MONTH.key(org=self.org_id, month=f"{ids.get_created_at(self.id):%Y-%m}", id=self.id),
        }
        if self.status.is_active and self.valid_until is not None:
            hour, expires = sortable_hour(self.valid_until), sortable(self.valid_until)
            keys["gsi4"] = DUE.key(hour=hour, expires=expires, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "vendor_id": self.vendor_id, "charter_id": self.charter_id}

    def unique_values(self) -> Mapping[str, str]:
        """A vendor can have one draft or active bid for a charter, so that a repeated push creates no second bid.

        It can have one for each vehicle class of a charter with several.
        """
        if self.status is BidStatus.DRAFT or self.status.is_active:
            bid_for = f"{self.charter_id}/{self.vendor_id}"
            return {"bid-charter_id": f"{bid_for}/{self.vehicle_type}" if self.is_for_one_class else bid_for}
        return {}
