"""Requests and responses of the API of bids and bid requests."""

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, model_validator

from coachway.bids.model.bid import BidTerms, OfferedVehicles
from coachway.bids.model.bid_request import VendorMatch
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import Entity
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.datetimes import Day, Timestamp
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.text import MessageToVendor, Note, ShortNote, Text
from coachway.core.workflows.failure import WorkflowFailure
from coachway.vendors.model import VendorId

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


class BidInput(RequestSchema, OfferedVehicles, BidTerms):
    """A bid for a charter. Vendors can omit `vendor_id`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [BID_EXAMPLE]})

    vendor_id: VendorId | None = None
    charter_id: CharterId
    vehicle_count: Annotated[
        int | None,
        Field(
            ge=1,
            le=100,
            description="Number of the charter's vehicles that the bid is for; omit for all of the class that have no "
            "vendor or driver yet. A charter with several classes takes one bid for each.",
        ),
    ] = None


class BidView(Entity, OfferedVehicles):
    """A bid as the caller can see it.

    While its bid request is sealed, only the vendor sees the price, and nobody sees ranks.
    """

    KIND: ClassVar[str] = "bid_view"
    # The view changes without the bid: when its request is closed, and when other bids change its rank.
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
    award_released_at: Annotated[
        AwareDatetime | None,
        Field(description="When the award was released or the charter was cancelled; null if neither happened."),
    ]
    award_release_reason: str
    message_to_vendor: str = ""
    quoted_price: NonNegativeApiAmount | None = None
    base_price: NonNegativeApiAmount | None = None
    mileage_charge: NonNegativeApiAmount | None = None
    fuel_surcharge: NonNegativeApiAmount | None = None
    payment_terms: str | None = None
    cancellation_policy: str | None = None
    notes: str | None = None
    is_sealed: bool
    rank: Annotated[
        int | None,
        Field(
            description="Rank among the bids for vehicles of this class that can still be accepted; null while they "
            "are sealed."
        ),
    ] = None
    is_lowest_bid: bool | None = None
    price_difference_from_lowest: NonNegativeApiAmount | None = None


class BidQuery(PageQuery):
    """Filters of a list of bids. With `charter_id`, the bids have ranks."""

    vendor_id: VendorId | None = None
    charter_id: CharterId | None = None
    status: BidStatus | None = None


class AwardInput(RequestSchema):
    """Why a bid is accepted, for staff, and a message to the vendor."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "accept", "reason": "Best price and great reviews"}]}
    )

    decision: Annotated[
        Literal["accept"] | None, Field(description="Optional, because the operation already states the decision.")
    ] = None
    reason: ShortNote = ""
    message_to_vendor: MessageToVendor = ""


class RejectInput(RequestSchema):
    """Why a bid is rejected, for staff, and a message to the vendor."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "reject", "reason": "The vehicle is old"}]})

    decision: Annotated[
        Literal["reject"] | None, Field(description="Optional, because the operation already states the decision.")
    ] = None
    reason: ShortNote = ""
    message_to_vendor: MessageToVendor = ""


class ReleaseInput(RequestSchema):
    """Why an award is released, for staff, and a message to the vendor."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Your coach broke down"}]})

    reason: Text
    message_to_vendor: MessageToVendor = ""


class BidReasonInput(RequestSchema):
    """The reason for closing or cancelling a bid request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "All vendors have answered"}]})

    reason: ShortNote = ""


class BidRequestInput(RequestSchema):
    """A bid request, to the named vendors or to all that match."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "deadline": "2027-02-01T17:00:00-05:00",
                    "target_price": 1400,
                    "sealed": True,
                    "matching": True,
                    "message": "Four hours on site, return empty.",
                }
            ]
        }
    )

    deadline: Annotated[Timestamp, Field(description="Between 2 hours and 30 days from now.")]
    target_price: Annotated[
        NonNegativeApiAmount | None,
        Field(description="Price for all vehicles without a vendor or driver; vendors do not see it."),
    ] = None
    sealed: Annotated[bool, Field(description="Whether prices and ranks are hidden until the request is closed.")] = (
        True
    )
    vendor_ids: list[VendorId] = Field(default_factory=list, max_length=500)
    matching: Annotated[bool, Field(description="Invite every eligible vendor.")] = False
    requires_ada: Annotated[bool, Field(description="Whether vehicles must be wheelchair accessible.")] = False
    message: Note = ""

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if bool(self.vendor_ids) == self.matching:
            raise ValueError("vendor_ids, matching: name vendors, or set matching to invite all that match")
        return self


class ExtendInput(RequestSchema):
    """The new deadline of a bid request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deadline": "2027-02-03T17:00:00-05:00"}]})

    deadline: Timestamp


class BidRequestQuery(PageQuery):
    """Filters of a list of bid requests."""

    charter_id: CharterId | None = None
    status: RequestStatus | None = None


class BidRequestView(Entity):
    """A bid request as the caller can see it. Vendors do not see the target price or the other vendors."""

    KIND: ClassVar[str] = "bid_request_view"
    # A vendor sees the state of its invitation, which changes without the request.
    ETAG_IS_VERSION: ClassVar[bool] = False

    charter_id: str
    charter_number: str
    vehicle_count: int
    vehicle_groups: Annotated[
        list[VehicleGroup], Field(description="The vehicles to bid for, if they are of several classes.")
    ] = Field(default_factory=list)
    currency: str
    deadline: AwareDatetime
    target_price: NonNegativeApiAmount | None = None
    sealed: bool
    is_sealed: bool
    requires_ada: bool
    message: str
    status: RequestStatus
    status_reason: str = ""
    opened_by: str | None = None
    closed_at: AwareDatetime | None = None
    closed_by: str | None = None
    closed_early: bool = False
    matching: bool | None = None
    invited_count: int | None = None
    escalated_at: AwareDatetime | None = None
    failure: WorkflowFailure | None = None
    viewed_at: Annotated[
        datetime | None, Field(description="When the vendor that sends this request first opened its invitation.")
    ] = None
    responded_at: datetime | None = None
    is_accepted: bool | None = None
    bid_id: str | None = None


class BidRequestDetails(BidRequestView):
    """A bid request with the vendors that were considered. Vendors see only themselves."""

    vendors: list[VendorMatch] = Field(default_factory=list)
