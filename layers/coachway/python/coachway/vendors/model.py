"""Vendors, their performance figures, and their access patterns in the table."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, StringConstraints, ValidationInfo, model_validator

from coachway.core.party_reference import VENDOR
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema, SearchWords
from coachway.core.types import ids
from coachway.core.types.contact import Email
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.search_text import SearchText
from coachway.core.types.text import LINE, Note, PostalCode, ReferenceText, Text
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.pricing.rule_model import AmenityCode
from coachway.vendors import rules
from coachway.vendors.rules import VendorStatus, VendorType

VendorId = Annotated[str, Field(pattern=ids.pattern("ven"))]

BY_MONTH = AccessPattern(
    "vendors, newest first, by the month they were added",
    index="gsi1",
    pk="ORG#{org}#VENDORS#{month}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "vendors in a status, such as those that can get work",
    index="gsi2",
    pk="ORG#{org}#VENDORS_IN#{status}",
    sk="{id}",
)

State = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$"), Field(examples=["CA"])
]
"""The two-letter code of a state or province."""
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9(][0-9 ().x-]{5,38}$"),
    Field(examples=["+16195550100"]),
]
"""A phone number in any usual format, because only people call vendors."""

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
    """The fields of a vendor that staff enter."""

    model_config = ConfigDict(json_schema_extra={"examples": [VENDOR_EXAMPLE]})

    business_name: Annotated[Text, Personal("vendor", ERASED)]
    legal_name: Annotated[Text | None, Personal("vendor")] = None
    vendor_type: VendorType
    tax_id: ReferenceText | None = None
    dot_number: Annotated[str | None, Field(max_length=12, pattern=r"^[0-9]+$", description="USDOT")] = None
    mc_number: Annotated[str | None, Field(max_length=12, pattern=r"^[A-Za-z0-9-]+$")] = None
    primary_contact_name: Annotated[Text | None, Personal("vendor")] = None
    primary_email: Email
    primary_phone: Annotated[Phone | None, Personal("vendor")] = None
    address_line1: Annotated[Text | None, Personal("vendor")] = None
    address_line2: Annotated[Text | None, Personal("vendor")] = None
    city: Annotated[Text | None, Personal("vendor")] = None
    state: State | None = None
    zip_code: Annotated[PostalCode | None, Personal("vendor")] = None

    total_vehicles: Annotated[int, Field(ge=0, le=100_000)] = 0
    vehicle_types: Annotated[
        list[VehicleClass], Field(max_length=30, description="Classes of its vehicles; empty if unknown.")
    ] = Field(default_factory=list)
    max_passenger_capacity: Annotated[
        int, Field(ge=0, le=1000, description="Seats of its largest vehicle; 0 if unknown.")
    ] = 0
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=50)
    is_ada_compliant: Annotated[
        bool, Field(description="Whether it has vehicles that are accessible by wheelchair.")
    ] = False

    garage_latitude: Latitude | None = None
    garage_longitude: Longitude | None = None
    service_radius_miles: Annotated[
        float | None,
        Field(ge=0, le=12_500, description="Maximum distance from the garage to the first pickup; omit for any."),
    ] = None
    service_states: Annotated[
        list[State], Field(max_length=70, description="States in which its trips can start; empty for any.")
    ] = Field(default_factory=list)

    payment_net_days: Annotated[int, Field(ge=0, le=180, description="Days from the end of a trip to its payout.")] = 30
    insurance_provider: Text | None = None
    insurance_policy_number: Annotated[Text | None, Personal("vendor")] = None
    is_preferred: bool = False
    notes: Annotated[Note, Field(description="Notes for staff; vendors do not see them."), Personal("vendor")] = ""

    @model_validator(mode="after")
    def _check_consistency(self, info: ValidationInfo) -> Self:
        require_place(self, "garage_latitude", "garage_longitude", info)
        return self


class Vendor(Entity, VendorInput):
    """A vendor."""

    KIND: ClassVar[str] = "vendor"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"numbers", "numbers_revision"})
    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset({"notes", "status_reason"})
    REFRESHED_ATTRIBUTES: ClassVar[tuple[str, ...]] = ("numbers_revision",)
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    primary_email: Annotated[str, Personal("vendor")]
    status: VendorStatus = VendorStatus.PENDING
    status_reason: Annotated[str, Personal("vendor")] = ""
    is_verified: bool = False
    verification_date: AwareDatetime | None = None
    numbers: dict[str, int] | None = None
    """A copy of the counters in `vendors.statistics`; None if the vendor was stored before this copy existed."""
    numbers_revision: int = 0
    """The number of changes of the copy. They do not change the version."""

    def key(self) -> Key:
        return VENDOR.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=f"{ids.get_created_at(self.id):%Y-%m}", id=self.id),
            "gsi2": BY_STATUS.key(org=self.org_id, status=self.status, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        served_states = {f"serves_{state}": True for state in self.served_states()}
        copy = {} if self.numbers is None else {"numbers_revision": self.numbers_revision}
        return {
            "status": self.status.value,
            "vendor_type": self.vendor_type.value,
            "is_verified": self.is_verified,
            "is_preferred": self.is_preferred,
            **served_states,
            **copy,
        }

    def search_text(self) -> SearchText:
        return SearchText(
            self.business_name,
            ", ".join(each for each in (self.city, self.state) if each),
            names=(self.business_name, self.legal_name, self.primary_contact_name),
            emails=(self.primary_email,),
            phones=(self.primary_phone,),
            codes=(self.dot_number, self.mc_number),
            addresses=(self.city, self.address_line1, self.state, self.zip_code),
        )

    def served_states(self) -> list[str]:
        """The states to find the vendor by: those that it serves, or else its own."""
        return sorted(set(self.service_states) or ({self.state} if self.state else set()))


class Figures(BaseSchema):
    """Performance figures. `average_rating` includes all ratings; `rating` is null until there are three."""

    average_rating: float = 0
    total_ratings: int = 0
    rating: float | None = None
    completed_trips: int = 0
    on_time_percentage: Annotated[
        float | None,
        Field(
            description="Percentage of stops that were on time (at most 15 minutes late): departure from the first "
            "stop, arrival at the others. If no trip was tracked, the percentage of on-time ratings of 4 or better."
        ),
    ] = None
    total_bids_submitted: int = 0
    bids_won: int = 0
    win_rate_percentage: float | None = None


class VendorProfile(Vendor, Figures):
    """A vendor with its performance figures."""

    # The figures change without the version.
    ETAG_IS_VERSION: ClassVar[bool] = False


class StatusChanged(Vendor):
    """A vendor after a status change."""

    message: str = "Status updated"
    vendor_id: str
    new_status: VendorStatus


class VendorQuery(PageQuery):
    """Filters of a list of vendors. `min_rating` requires at least three ratings; `service_state` is a served state."""

    status: VendorStatus | None = None
    vendor_type: VendorType | None = None
    is_verified: bool | None = None
    is_preferred: bool | None = None
    min_rating: Annotated[float | None, Field(ge=1, le=5)] = None
    service_state: State | None = None
    q: SearchWords | None = None


class StatusQuery(RequestSchema):
    """The new status of a vendor, and the reason for it."""

    new_status: Annotated[VendorStatus | None, Field(description="Required.")] = None
    reason: Annotated[str, Field(max_length=500), LINE] = ""


class VendorCompliance(BaseSchema):
    """Whether a vendor has all required documents today."""

    vendor_id: str
    total_documents: int
    approved_documents: int
    pending_documents: int
    expired_documents: int
    rejected_documents: int
    missing_required: list[str]
    """Required document types without an approved, unexpired document."""
    is_compliant: bool


def calculate_figures(counters: Mapping[str, int]) -> Figures:
    """Calculate the figures from the counters of a vendor."""
    half_points, ratings = counters.get("overall", 0), counters.get("ratings", 0)
    submitted, won = counters.get("submitted", 0), counters.get("won", 0)
    return Figures(
        average_rating=rules.calculate_average_rating(half_points, ratings),
        total_ratings=ratings,
        rating=rules.calculate_usable_rating(half_points, ratings),
        completed_trips=counters.get("completed", 0),
        on_time_percentage=rules.calculate_on_time_percentage(counters),
        total_bids_submitted=submitted,
        bids_won=won,
        win_rate_percentage=rules.calculate_percentage(won, submitted),
    )
