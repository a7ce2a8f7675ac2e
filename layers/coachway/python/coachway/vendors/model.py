"""Vendors, their figures, and where they lie in the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.contact import Email
from coachway.core.types.personal import ERASED, Personal
from coachway.pricing.rule_model import AmenityCode, VehicleClass
from coachway.vendors import rules
from coachway.vendors.rules import Status, VendorType

VendorId = Annotated[str, Field(pattern=ids.pattern("ven"))]

VENDOR = AccessPattern("a vendor", pk="ORG#{org}#VENDOR#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "vendors, newest first, by the month they were added",
    index="gsi1",
    pk="ORG#{org}#VENDORS#{month}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "vendors in a status: those that may be given work, among others",
    index="gsi2",
    pk="ORG#{org}#VENDORS_IN#{status}",
    sk="{id}",
)

State = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$"), Field(examples=["CA"])
]
"""A state or province by its two letters."""
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9(][0-9 ().x-]{5,38}$"),
    Field(examples=["+16195550100"]),
]
"""A telephone number as people write it: only people call vendors."""

VENDOR_EXAMPLE: Final[dict[str, JsonValue]] = {
    "business_name": "Premium Coach Lines",
    "legal_name": "Premium Coach Lines LLC",
    "vendor_type": "fleet_operator",
    "primary_contact_name": "John Smith",
    "primary_email": "john@premiumcoach.com",
    "primary_phone": "555-010-0000",
    "address_line1": "123 Transport Ave",
    "city": "San Diego",
    "state": "CA",
    "zip_code": "92101",
    "total_vehicles": 10,
    "max_passenger_capacity": 56,
    "service_radius_miles": 200,
    "service_states": ["CA", "NV", "AZ"],
}


class VendorInput(RequestSchema):
    """A vendor as staff enter it."""

    model_config = ConfigDict(json_schema_extra={"examples": [VENDOR_EXAMPLE]})

    business_name: Annotated[Text, Personal("vendor", ERASED)]
    legal_name: Annotated[Text | None, Personal("vendor")] = None
    vendor_type: VendorType
    tax_id: Annotated[str | None, Field(max_length=30, pattern=r"^[A-Za-z0-9 -]+$")] = None
    dot_number: Annotated[str | None, Field(max_length=12, pattern=r"^[0-9]+$", description="USDOT")] = None
    mc_number: Annotated[str | None, Field(max_length=12, pattern=r"^[A-Za-z0-9-]+$")] = None
    primary_contact_name: Annotated[Text | None, Personal("vendor")] = None
    primary_email: Email
    primary_phone: Annotated[Phone | None, Personal("vendor")] = None
    address_line1: Annotated[Text | None, Personal("vendor")] = None
    address_line2: Annotated[Text | None, Personal("vendor")] = None
    city: Annotated[Text | None, Personal("vendor")] = None
    state: State | None = None
    zip_code: Annotated[
        str | None, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9 -]+$"), Personal("vendor")
    ] = None

    total_vehicles: Annotated[int, Field(ge=0, le=100_000)] = 0
    vehicle_types: Annotated[
        list[VehicleClass], Field(max_length=30, description="classes of vehicles it has; empty: not said, any")
    ] = Field(default_factory=list)
    max_passenger_capacity: Annotated[int, Field(ge=0, le=1000, description="of its largest vehicle")] = 0
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=50)
    is_ada_compliant: Annotated[bool, Field(description="has vehicles that take wheelchairs")] = False

    garage_latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    garage_longitude: Annotated[float | None, Field(ge=-180, le=180)] = None
    service_radius_miles: Annotated[
        float | None, Field(ge=0, le=12_500, description="from the garage to the first pickup; left out: any")
    ] = None
    service_states: Annotated[
        list[State], Field(max_length=70, description="where its trips may start; empty: anywhere")
    ] = Field(default_factory=list)

    payment_net_days: Annotated[int, Field(ge=0, le=180, description="days from the trip's end to its payout")] = 30
    insurance_provider: Text | None = None
    insurance_policy_number: Annotated[Text | None, Personal("vendor")] = None
    is_preferred: bool = False
    notes: Annotated[Note, Field(description="for the organization's own people"), Personal("vendor")] = ""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.garage_latitude is None) != (self.garage_longitude is None):
            raise ValueError("garage_latitude, garage_longitude: give both or neither")
        return self


class Vendor(Entity, VendorInput):
    """A vendor."""

    KIND: ClassVar[str] = "vendor"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"numbers", "numbers_revision"})
    REFRESHED_ATTRIBUTES: ClassVar[tuple[str, ...]] = ("numbers_revision",)
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    primary_email: Annotated[str, Personal("vendor")]
    status: Status = Status.PENDING
    status_reason: Annotated[str, Personal("vendor")] = ""
    is_verified: bool = False
    verification_date: AwareDatetime | None = None
    numbers: dict[str, int] | None = None
    """A copy of what `vendors.statistics` counts; None in a vendor that was stored before this copy existed."""
    numbers_revision: int = 0
    """How often the copy has changed. It changes without the version."""

    def key(self) -> Key:
        return VENDOR.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.created_at_of(self.id):%Y-%m}", id=self.id),
            "gsi2": BY_STATUS.key(org=self.org_id, status=self.status, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        where = {f"serves_{state}": True for state in self.served()}
        copied = {} if self.numbers is None else {"numbers_revision": self.numbers_revision}
        return {
            "status": self.status.value,
            "vendor_type": self.vendor_type.value,
            "is_verified": self.is_verified,
            "is_preferred": self.is_preferred,
            **where,
            **copied,
        }

    def served(self) -> list[str]:
        """The states that it is found by: those it serves, or else its own."""
        return sorted(set(self.service_states) or ({self.state} if self.state else set()))


class Figures(BaseSchema):
    """How a vendor does. Averages are of all its ratings; `rating` is the one that counts, once there are three."""

    average_rating: float = 0
    total_ratings: int = 0
    rating: float | None = None
    completed_trips: int = 0
    on_time_percentage: Annotated[
        float | None,
        Field(
            description="stops of its trips that were left (the first) or come to (the others) at most 15 minutes "
            "after the plan; while none of its trips was tracked, of its ratings for being on time those of 4 or better"
        ),
    ] = None
    total_bids_submitted: int = 0
    bids_won: int = 0
    win_rate_percentage: float | None = None


class VendorProfile(Vendor, Figures):
    """A vendor and how it does."""

    # Its figures move without its version.
    ETAG_IS_VERSION: ClassVar[bool] = False


class StatusChanged(Vendor):
    """A vendor whose status was changed."""

    message: str = "Status updated"
    vendor_id: str
    new_status: Status


class VendorQuery(PageQuery):
    """Which vendors: in a status, of a type, verified, preferred, rated at least so (by three or more), serving a
    state.
    """

    status: Status | None = None
    type: VendorType | None = None
    verified: bool | None = None
    preferred: bool | None = None
    min_rating: Annotated[float | None, Field(ge=1, le=5)] = None
    state: State | None = None


class StatusQuery(RequestSchema):
    """The status that a vendor is to have, and why."""

    new_status: Annotated[Status | None, Field(description="required")] = None
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f]*$")] = ""


class ComplianceStatus(BaseSchema):
    """Whether a vendor has all the papers that it must have, today."""

    vendor_id: str
    total_documents: int
    approved_documents: int
    pending_documents: int
    expired_documents: int
    rejected_documents: int
    missing_required: list[str]
    """Required types without an approved, unexpired document."""
    is_compliant: bool


def figures_of(numbers: Mapping[str, int]) -> Figures:
    """What the plain numbers of `vendors.statistics` come to."""
    halves, ratings = numbers.get("overall", 0), numbers.get("ratings", 0)
    submitted, won = numbers.get("submitted", 0), numbers.get("won", 0)
    return Figures(
        average_rating=rules.average(halves, ratings),
        total_ratings=ratings,
        rating=rules.counted(halves, ratings),
        completed_trips=numbers.get("completed", 0),
        on_time_percentage=rules.punctuality(numbers),
        total_bids_submitted=submitted,
        bids_won=won,
        win_rate_percentage=rules.share(won, submitted),
    )
