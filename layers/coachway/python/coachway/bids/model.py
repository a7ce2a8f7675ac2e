"""Bids, as callers send them, as they are kept, and as they are shown.

What a bid costs is kept apart from the rest, in `terms`: no answer, event or history shows it but by `views`, which
knows who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from coachway.bids.rules import BidStatus
from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.personal import Personal
from coachway.pricing.rule_model import AmenityCode, VehicleClass
from coachway.vendors.model import VendorId

BidId = Annotated[str, Field(pattern=ids.pattern("bid"))]
BidRequestId = Annotated[str, Field(pattern=ids.pattern("brq"))]

BID = AccessPattern("a bid", pk="ORG#{org}#BID#{id}", sk="HEAD")
OF_CHARTER = AccessPattern(
    "the bids for a charter, oldest first",
    index="gsi1",
    pk="ORG#{org}#BIDS_FOR#{charter}",
    sk="{id}",
)
OF_VENDOR = AccessPattern(
    "the bids of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#BIDS_OF#{vendor}",
    sk="{id}",
)
BY_MONTH = AccessPattern(
    "bids, newest first, by the month they were made",
    index="gsi3",
    pk="ORG#{org}#BIDS#{month}",
    sk="{id}",
)
DUE = AccessPattern(
    "bids by the hour in which they expire, of all organizations: only the timer reads it",
    index="gsi4",
    pk="BIDS_EXPIRING#{hour}",
    sk="{expires}#{id}",
)

BID_EXAMPLE: Final[dict[str, JsonValue]] = {
    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "quoted_price": 1250,
    "vehicle_type": "coach",
    "passenger_capacity": 56,
    "driver_name": "Mike Johnson",
    "amenities": ["wifi", "restroom", "reclining_seats"],
    "is_ada_compliant": True,
}


class BidTerms(BaseSchema):
    """What a bid costs, and on which terms."""

    quoted_price: Annotated[NonNegativeApiAmount, Field(gt=0, description="for all vehicles of the bid")]
    base_price: NonNegativeApiAmount | None = None
    mileage_charge: NonNegativeApiAmount | None = None
    fuel_surcharge: NonNegativeApiAmount | None = None
    payment_terms: Annotated[Text | None, Personal("vendor")] = None
    cancellation_policy: Annotated[Note, Personal("vendor")] = ""
    notes: Annotated[Note, Personal("vendor")] = ""


class Offered(BaseSchema):
    """What a bid offers, which is no secret."""

    vehicle_type: VehicleClass
    passenger_capacity: Annotated[int, Field(ge=1, le=1000, description="of each vehicle")]
    vehicle_id: Annotated[str | None, Field(max_length=60, pattern=r"^[\x21-\x7e]+$")] = None
    driver_name: Annotated[Text | None, Personal("driver")] = None
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=50)
    is_ada_compliant: bool = False
    has_luggage_space: bool = False


class BidInput(RequestSchema, Offered, BidTerms):
    """A bid for a charter. A vendor's own people may leave out `vendor_id`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [BID_EXAMPLE]})

    vendor_id: VendorId | None = None
    charter_id: CharterId
    vehicle_count: Annotated[
        int | None,
        Field(ge=1, le=100, description="how many of the charter's vehicles; left out: all that nobody runs yet"),
    ] = None


class Bid(Entity, Offered):
    """A bid, as it is kept."""

    KIND: ClassVar[str] = "bid"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"terms"})

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")] = ""
    charter_id: str
    charter_number: str
    charter_revision: int
    bid_request_id: str | None = None
    vehicle_count: int
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
    called_off_at: AwareDatetime | None = None
    """Since when its vendor need not come, though it had won."""
    called_off_reason: Annotated[str, Personal()] = ""

    def key(self) -> Key:
        return BID.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        result = {
            "gsi1": OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
            "gsi2": OF_VENDOR.key(org=self.org_id, vendor=self.vendor_id, id=self.id),
            "gsi3": BY_MONTH.key(org=self.org_id, month=f"{ids.created_at_of(self.id):%Y-%m}", id=self.id),
        }
        if self.status.is_live and self.valid_until is not None:
            expires = sortable(self.valid_until)
            result["gsi4"] = DUE.key(hour=expires[:13], expires=expires, id=self.id)
        return result

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "vendor_id": self.vendor_id, "charter_id": self.charter_id}

    def unique_values(self) -> Mapping[str, str]:
        """A vendor has one bid for a charter under way: a push that comes twice makes no second."""
        if self.status is BidStatus.DRAFT or self.status.is_live:
            return {"bid-charter_id": f"{self.charter_id}/{self.vendor_id}"}
        return {}


class BidView(Entity, Offered):
    """A bid as somebody may see it. While its request is sealed, nobody sees ranks, and only its vendor sees prices."""

    KIND: ClassVar[str] = "bid_view"
    # What is shown of it changes when its request is closed, and ranks with its rivals.
    ETAG_IS_VERSION: ClassVar[bool] = False

    vendor_id: str
    vendor_name: str
    charter_id: str
    charter_number: str
    charter_revision: int
    bid_request_id: str | None
    vehicle_count: int
    currency: str
    status: BidStatus
    submitted_at: AwareDatetime | None
    valid_until: AwareDatetime | None
    decided_at: AwareDatetime | None
    decided_by: str | None
    decision_reason: str
    vehicles_awarded: list[int]
    payout_date: Day | None
    called_off_at: Annotated[
        AwareDatetime | None, Field(description="since when its vendor need not come, though it had won")
    ]
    called_off_reason: str
    quoted_price: NonNegativeApiAmount | None = None
    base_price: NonNegativeApiAmount | None = None
    mileage_charge: NonNegativeApiAmount | None = None
    fuel_surcharge: NonNegativeApiAmount | None = None
    payment_terms: str | None = None
    cancellation_policy: str | None = None
    notes: str | None = None
    is_sealed: bool
    rank: Annotated[int | None, Field(description="among the bids that may still win, once they are not sealed")] = None
    is_lowest_bid: bool | None = None
    price_difference_from_lowest: NonNegativeApiAmount | None = None


class BidQuery(PageQuery):
    """Which bids: of a vendor, for a charter, in a status. Ranks are told when a charter is named."""

    vendor_id: VendorId | None = None
    charter_id: CharterId | None = None
    status: BidStatus | None = None


class AcceptInput(RequestSchema):
    """Why a bid is accepted; the vendor is told."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "accept", "reason": "Best price and great reviews"}]}
    )

    decision: Annotated[Literal["accept"] | None, Field(description="as the route says")] = None
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class RejectInput(RequestSchema):
    """Why a bid is rejected; the vendor is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "reject", "reason": "The vehicle is old"}]})

    decision: Annotated[Literal["reject"] | None, Field(description="as the route says")] = None
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class ReleaseInput(RequestSchema):
    """Why what was awarded is taken back; the vendor is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Your coach broke down"}]})

    reason: Text


class ReasonInput(RequestSchema):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "All vendors have answered"}]})

    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""
