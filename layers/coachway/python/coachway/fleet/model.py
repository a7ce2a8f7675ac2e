"""Drivers and vehicles, and their access patterns."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, ValidationInfo, model_validator

from coachway.clients.rules import normalize_name
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import PageQuery, RequestSchema, SearchWords
from coachway.core.types import ids
from coachway.core.types.contact import Email, Phone
from coachway.core.types.datetimes import Day
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.search_text import SearchText
from coachway.core.types.text import InputPattern, ReferenceText, Text
from coachway.core.types.time_zones import TimeZone
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.fleet.availability import Availability
from coachway.identity.model.field_types import UserId
from coachway.pricing.rule_model import AmenityCode

DriverId = Annotated[str, Field(pattern=ids.pattern("drv"))]
VehicleId = Annotated[str, Field(pattern=ids.pattern("veh"))]
VendorId = Annotated[str, Field(pattern=ids.pattern("ven"))]

VEHICLE = AccessPattern("a vehicle", pk="ORG#{org}#VEHICLE#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "drivers or vehicles, newest first, by the month they were added",
    index="gsi1",
    pk="ORG#{org}#FLEET#{kind}#{month}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "drivers or vehicles by status, for example the candidates for a trip",
    index="gsi2",
    pk="ORG#{org}#FLEET_IN#{kind}#{status}",
    sk="{id}",
)
BY_NAME = AccessPattern(
    "drivers or vehicles by the beginning of their name",
    index="gsi3",
    pk="ORG#{org}#FLEET_NAMES#{kind}#{initial}",
    sk="{name}#{id}",
)
ROSTER = AccessPattern(
    "all drivers who are not inactive and all vehicles that are not retired",
    index="gsi4",
    pk="ORG#{org}#FLEET_ROSTER",
    sk="{kind}#{id}",
)
OPEN_ASSIGNMENTS = AccessPattern(
    "the number of open assignments of a driver or vehicle (`n`)",
    pk="ORG#{org}#FLEET_JOBS#{resource}",
    sk="COUNT",
)

DRIVER_EXAMPLE: Final[dict[str, JsonValue]] = {
    "first_name": "Rosa",
    "last_name": "Delgado",
    "phone": "+12125550177",
    "license_number": "D1234567",
    "license_class": "B",
    "endorsements": ["P"],
    "license_expires": "2029-01-01",
    "home_latitude": 40.7282,
    "home_longitude": -74.0776,
    "duty_statement": [0] * 7,
}
VEHICLE_EXAMPLE: Final[dict[str, JsonValue]] = {
    "name": "Coach 12",
    "vehicle_class": "coach",
    "capacity": 56,
    "plate": "NJ 12 345",
    "amenities": ["wifi"],
}


class DriverStatus(StrEnum):
    """The status of a driver. Trips can be assigned to active drivers only."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    INACTIVE = "inactive"


class VehicleStatus(StrEnum):
    """The status of a vehicle. Trips can be assigned to vehicles in service only."""

    IN_SERVICE = "in_service"
    MAINTENANCE = "maintenance"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED = "retired"


LicenseClass = Literal["A", "B", "C"]
"""The class of a commercial driver's license: 49 CFR 383.91."""
Endorsement = Literal["H", "N", "P", "S", "T", "X"]
"""The endorsement codes of a license, 49 CFR 383.153(a): P is for carrying passengers."""
DutyHours = Annotated[float, Field(ge=0, le=24)]


class DriverInput(RequestSchema):
    """The fields of a driver that staff enter."""

    model_config = ConfigDict(json_schema_extra={"examples": [DRIVER_EXAMPLE]})

    first_name: Annotated[Text, Personal("driver", ERASED)]
    last_name: Annotated[Text, Personal("driver", ERASED)]
    phone: Annotated[Phone, Field(description="Unique. One-time codes to log in are sent to this number.")]
    email: Email | None = None
    license_number: Annotated[ReferenceText, Personal("driver", ERASED)]
    license_class: LicenseClass
    endorsements: Annotated[list[Endorsement], Field(max_length=6)] = Field(default_factory=list)
    license_expires: Day
    home_latitude: Annotated[Latitude | None, Personal("driver")] = None
    home_longitude: Annotated[Longitude | None, Personal("driver")] = None
    vendor_id: Annotated[
        VendorId | None, Field(description="The vendor that employs the driver. Omit for your own drivers.")
    ] = None
    status: DriverStatus = DriverStatus.ACTIVE
    timezone: Annotated[
        TimeZone | None,
        Field(description="Time zone of the driver's home terminal. Defaults to the organization's time zone."),
    ] = None
    duty_statement: Annotated[
        list[DutyHours] | None,
        Field(
            min_length=7,
            max_length=7,
            description="Hours on duty on each of the 7 days before the driver was created, newest first, as stated by "
            "the driver (49 CFR 395.8(j)(2)). If omitted or null, the hours are unknown, and the first days of trips "
            "cannot be checked.",
        ),
    ] = None

    @model_validator(mode="after")
    def _check_consistency(self, info: ValidationInfo) -> Self:
        require_place(self, "home_latitude", "home_longitude", info)
        return self


class NewDriver(DriverInput):
    """A driver to create."""

    user_id: Annotated[
        UserId | None,
        Field(description="An existing user with the role `driver` who becomes this driver. Omit to create a user."),
    ] = None


class Driver(Entity, DriverInput):
    """A driver. `user_id` is the user who logs in as this driver."""

    KIND: ClassVar[str] = "driver"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    phone: Annotated[str, Personal("driver")]
    email: Annotated[str | None, Personal("driver")] = None
    timezone: str
    user_id: str
    availability: Availability = Field(default_factory=Availability)
    rating: float | None = None

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    def key(self) -> Key:
        return DRIVER.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return _indexes(self, self.name, self.status, is_active=self.status is not DriverStatus.INACTIVE)

    def attributes(self) -> Mapping[str, str | int | bool]:
        owner = {"vendor_id": self.vendor_id} if self.vendor_id else {}
        return {"status": self.status.value, "license_class": self.license_class, **owner}

    def search_text(self) -> SearchText:
        return SearchText(self.name, self.phone, names=(self.name,), emails=(self.email,), phones=(self.phone,))

    def unique_values(self) -> Mapping[str, str]:
        return {"driver-phone": self.phone}


class VehicleInput(RequestSchema):
    """The fields of a vehicle that staff enter."""

    model_config = ConfigDict(json_schema_extra={"examples": [VEHICLE_EXAMPLE]})

    name: Text
    vehicle_class: VehicleClass
    capacity: Annotated[int, Field(ge=1, le=200, description="Number of passengers, without the driver.")]
    plate: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=20),
        InputPattern(r"^[A-Za-z0-9 .-]*[A-Za-z0-9][A-Za-z0-9 .-]*$"),
    ]
    gross_weight_pounds: Annotated[
        int | None,
        Field(
            ge=1,
            le=200_000,
            description="Gross vehicle weight rating (GVWR). If omitted, drivers need a class B license.",
        ),
    ] = None
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=50)
    is_ada_compliant: Annotated[bool, Field(description="Whether the vehicle has room for wheelchairs.")] = False
    garage_latitude: Latitude | None = None
    garage_longitude: Longitude | None = None
    vendor_id: Annotated[
        VendorId | None, Field(description="The vendor that owns the vehicle. Omit for your own vehicles.")
    ] = None
    status: VehicleStatus = VehicleStatus.IN_SERVICE

    @model_validator(mode="after")
    def _check_consistency(self, info: ValidationInfo) -> Self:
        require_place(self, "garage_latitude", "garage_longitude", info)
        return self


class Vehicle(Entity, VehicleInput):
    """A vehicle."""

    KIND: ClassVar[str] = "vehicle"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return VEHICLE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return _indexes(self, self.name, self.status, is_active=self.status is not VehicleStatus.RETIRED)

    def attributes(self) -> Mapping[str, str | int | bool]:
        owner = {"vendor_id": self.vendor_id} if self.vendor_id else {}
        return {"status": self.status.value, "vehicle_class": self.vehicle_class, **owner}

    def search_text(self) -> SearchText:
        return SearchText(self.name, self.plate, names=(self.name,), codes=(self.plate,))


def _indexes(entity: Driver | Vehicle, name: str, status: str, *, is_active: bool) -> Mapping[str, Key]:
    org, kind, sought = entity.org_id, entity.KIND, normalize_name(name)
    roster = {"gsi4": ROSTER.key(org=org, kind=kind, id=entity.id)} if is_active else {}
    return roster | {
        "gsi1": BY_MONTH.key(org=org, kind=kind, month=f"{ids.get_created_at(entity.id):%Y-%m}", id=entity.id),
        "gsi2": BY_STATUS.key(org=org, kind=kind, status=status, id=entity.id),
        "gsi3": BY_NAME.key(org=org, kind=kind, initial=sought[:1], name=sought, id=entity.id),
    }


class DriverQuery(PageQuery):
    """Filters for drivers: status, vendor, license class, and words (`q`)."""

    status: DriverStatus | None = None
    vendor_id: VendorId | None = None
    license_class: LicenseClass | None = None
    q: SearchWords | None = None


class VehicleQuery(PageQuery):
    """Filters for vehicles: status, class, vendor, and words (`q`)."""

    status: VehicleStatus | None = None
    vehicle_class: VehicleClass | None = None
    vendor_id: VendorId | None = None
    q: SearchWords | None = None


class DriverProfile(Driver):
    """A driver with the documents that are missing today."""

    # Documents change without a new version of the driver.
    ETAG_IS_VERSION: ClassVar[bool] = False

    missing_documents: list[str]
    is_compliant: bool


class VehicleProfile(Vehicle):
    """A vehicle with the documents that are missing today."""

    ETAG_IS_VERSION: ClassVar[bool] = False

    missing_documents: list[str]
    is_compliant: bool
