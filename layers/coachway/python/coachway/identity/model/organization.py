"""An organization: its terms, and how it shows itself. By itself, because every capability reads it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import RequestSchema, Text
from coachway.core.types.contact import Email, Phone
from coachway.core.types.money import NonNegativeApiAmount
from coachway.identity.model.field_types import Currency, PerMile, Slug, TaxRate, TimeZone

ORGANIZATIONS = AccessPattern("an organization", pk="ORG#{org}#ORGANIZATION", sk="HEAD")

Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,12}$"), Field(examples=["CH"])]
"""Stands before a number that people see: 1 to 12 capital letters and digits."""
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$"), Field(examples=["#0b5fff"])]
HttpsUrl = Annotated[
    str,
    StringConstraints(max_length=500, pattern=r"^https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[^\s\"'<>\\]*)?$"),
    Field(examples=["https://harbor.example/logo.png"]),
]


class NumberPrefixes(RequestSchema):
    """How the numbers that people see begin."""

    organization: Annotated[Prefix | None, Field(description="in invoice numbers; from the slug when left out")] = None
    charter: Prefix = "CH"
    invoice: Prefix = "INV"
    change: Prefix = "CHG"
    move: Prefix = "MV"


class ApprovalThresholds(RequestSchema):
    """From which amount on somebody has to agree."""

    refund: NonNegativeApiAmount = 500_00
    change: NonNegativeApiAmount = 500_00


class PaymentPolicy(RequestSchema):
    """When clients without terms pay for a trip."""

    deposit_percent: Annotated[
        int, Field(ge=0, le=100, description="of the price, to book a trip; 0: trips are booked without a payment")
    ] = 25
    balance_days: Annotated[int, Field(ge=0, le=365, description="before the trip, by when the rest is paid")] = 14


class HoursPolicy(RequestSchema):
    """Which hours-of-service rules hold for its drivers, 49 CFR part 395."""

    ruleset: Annotated[
        Literal["us_passenger", "us_property"], Field(description="of drivers of buses, or of moving vans and trucks")
    ] = "us_passenger"
    daily_carrier: Annotated[
        bool, Field(description="runs on every day of the week: 70 hours in 8 days; else 60 hours in 7 days")
    ] = True


def charter_sequence(year: int) -> str:
    """The gapless sequence that numbers the trips of a year; there is none before the first."""
    return f"charters-{year}"


class Branding(RequestSchema):
    """How an organization shows itself to its clients."""

    display_name: Text | None = None
    logo_url: HttpsUrl | None = None
    color: Color = "#0b5fff"
    email: Email | None = None
    phone: Phone | None = None
    address: Text | None = None


class OrganizationSettings(RequestSchema):
    """What an organization can change about itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Harbor Coach",
                    "timezone": "America/New_York",
                    "tax_rate_percent": 8.875,
                    "number_prefixes": {"charter": "HC"},
                    "approval_thresholds": {"refund": 750, "change": 500},
                    "payment_policy": {"deposit_percent": 25, "balance_days": 14},
                    "branding": {"color": "#0b5fff", "email": "hello@harbor.example", "phone": "+12125550100"},
                }
            ]
        }
    )

    name: Text
    timezone: TimeZone
    currency: Currency
    tax_rate_percent: TaxRate = Decimal(0)
    fuel_surcharge_per_mile: PerMile = Decimal("0.01")
    minimum_charge: NonNegativeApiAmount = 0
    number_prefixes: NumberPrefixes = Field(default_factory=NumberPrefixes)
    approval_thresholds: ApprovalThresholds = Field(default_factory=ApprovalThresholds)
    payment_policy: PaymentPolicy = Field(default_factory=PaymentPolicy)
    hours_policy: HoursPolicy = Field(default_factory=HoursPolicy)
    free_wait_minutes: Annotated[
        int, Field(ge=0, le=1440, description="that a vehicle waits at a stop beyond the plan before it is billed")
    ] = 15
    recovery_answer_minutes: Annotated[
        int, Field(ge=1, le=1440, description="that a driver who is asked to take a trip over may think")
    ] = 10
    branding: Branding = Field(default_factory=Branding)


class Organization(Entity, OrganizationSettings):
    """A business that runs on this deployment."""

    KIND: ClassVar[str] = "organization"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    slug: Slug

    def key(self) -> Key:
        return ORGANIZATIONS.key(org=self.org_id)

    @property
    def number_code(self) -> str:
        """The organization in the numbers of its papers: `HARBOR` in `INV-2026-HARBOR-00001`."""
        return self.number_prefixes.organization or self.slug.replace("-", "").upper()[:12]

    @property
    def display_name(self) -> str:
        """The name that clients see: the display name of its branding, or its own name."""
        return self.branding.display_name or self.name
