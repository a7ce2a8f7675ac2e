"""Organizations: settings and branding."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import RequestSchema
from coachway.core.types.contact import Email, Phone
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.text import HttpsUrl, ShortNote, Text
from coachway.core.types.time_zones import TimeZone
from coachway.core.types.vehicle_classes import DEFAULT_SEATS, SeatsByClass
from coachway.identity.model.cancellation_policy import CancellationPolicy, TermsText, default_policy
from coachway.identity.model.field_types import Currency, PerMile, Slug, TaxRate
from coachway.identity.model.logo import LogoDetails

ORGANIZATIONS = AccessPattern("an organization", pk="ORG#{org}#ORGANIZATION", sk="HEAD")

Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,12}$"), Field(examples=["CH"])]
"""The prefix of a reference number: 1 to 12 capital letters and digits."""
SpotMinutes = Annotated[int, Field(ge=0, le=240)]
"""Minutes for which a vehicle stands at the first stop before the departure."""
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$"), Field(examples=["#0b5fff"])]


class NumberPrefixes(RequestSchema):
    """Prefixes of reference numbers, such as those of invoices."""

    organization: Annotated[Prefix | None, Field(description="Used in invoice numbers. Omit to use the slug.")] = None
    charter: Prefix = "CH"
    invoice: Prefix = "INV"
    proposal: Prefix = "PRO"
    change: Annotated[Prefix, Field(description="Reserved: has no effect yet.")] = "CHG"
    move: Annotated[Prefix, Field(description="Reserved: has no effect yet.")] = "MV"


class ApprovalThresholds(RequestSchema):
    """Amounts from which an approval is needed."""

    refund: NonNegativeApiAmount = 500_00
    change: Annotated[NonNegativeApiAmount, Field(description="Reserved: has no effect yet.")] = 500_00


class PaymentPolicy(RequestSchema):
    """When clients without payment terms pay for a trip."""

    deposit_percent: Annotated[
        int,
        Field(
            ge=0,
            le=100,
            description="Deposit to book a trip, in percent of its price. 0 for no deposit.",
        ),
    ] = 25
    balance_days: Annotated[int, Field(ge=0, le=365, description="Days before the trip when the balance is due.")] = 14


class ReportTimes(RequestSchema):
    """How long before a departure the crew is on duty. The crew reports for duty at the garage.

    Duty begins with the inspection, then the vehicle drives to the first stop.
    """

    spot_minutes: Annotated[
        SpotMinutes,
        Field(description="How long before the departure the vehicle stands at the first stop. A trip can differ."),
    ] = 0
    inspection_minutes: Annotated[
        int, Field(ge=0, le=120, description="The inspection before the vehicle leaves the garage (49 CFR 396.13).")
    ] = 0


class TripReminderSettings(RequestSchema):
    """Who is reminded of a trip on the day before it."""

    to_clients: Annotated[
        bool, Field(description="An email to the client, with the first names of the drivers and the vehicles.")
    ] = True
    to_drivers: Annotated[bool, Field(description="A text message to each driver at six in the evening.")] = True


class HoursPolicy(RequestSchema):
    """The hours-of-service rules for the organization's drivers (49 CFR part 395)."""

    ruleset: Annotated[
        Literal["us_passenger", "us_property"],
        Field(description="`us_passenger` for buses, `us_property` for trucks and vans."),
    ] = "us_passenger"
    daily_carrier: Annotated[
        bool,
        Field(
            description="If vehicles operate every day of the week: 70 hours in 8 days. Otherwise: 60 hours in 7 days."
        ),
    ] = True


def charter_sequence(year: int) -> str:
    """The name of the gapless sequence of trip numbers of a year. It exists from the first trip of the year on."""
    return f"charters-{year}"


class Branding(RequestSchema):
    """How an organization appears on pages, in emails and PDFs."""

    display_name: Text | None = None
    logo_url: HttpsUrl | None = None
    color: Color = "#0b5fff"
    email: Annotated[
        Email | None,
        Field(
            description="Clients see it and reply to it, and it receives the messages to the organization. At first, "
            "it is the address of the first admin. If null, clients see no address, and an admin receives the messages."
        ),
    ] = None
    phone: Phone | None = None
    address: Text | None = None


class OrganizationSettings(RequestSchema):
    """The settings of an organization."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Harbor Coach",
                    "timezone": "America/New_York",
                    "tax_rate_percent": 8.875,
                    "number_prefixes": {"charter": "HC"},
                    "approval_thresholds": {"refund": 750},
                    "payment_policy": {"deposit_percent": 25, "balance_days": 14},
                    "cancellation_policy": {"tiers": [{"hours": 336, "percent": 100}, {"hours": 72, "percent": 50}]},
                    "terms": "Overtime is billed per started hour.",
                    "bank_details": "Harbor Coach LLC\nFirst Bank, routing 021000021, account 123456789",
                    "branding": {"color": "#0b5fff", "email": "hello@harbor.example", "phone": "+12125550100"},
                }
            ]
        }
    )

    name: Text
    timezone: TimeZone
    currency: Currency
    tax_rate_percent: TaxRate = Decimal(0)
    fuel_surcharge_per_mile: PerMile = Decimal(0)
    minimum_charge: NonNegativeApiAmount = 0
    minimum_margin_percent: Annotated[
        TaxRate,
        Field(description="Staff are warned of a quote with a lower margin, if its cost is known. 0 for no minimum."),
    ] = Decimal(0)
    vehicle_classes: Annotated[
        SeatsByClass,
        Field(
            description="Vehicle classes that can be quoted, each with the passenger seats of its largest vehicle. "
            "Setting it replaces all classes."
        ),
    ] = Field(default_factory=lambda: dict(DEFAULT_SEATS))
    number_prefixes: NumberPrefixes = Field(default_factory=NumberPrefixes)
    approval_thresholds: ApprovalThresholds = Field(default_factory=ApprovalThresholds)
    payment_policy: PaymentPolicy = Field(default_factory=PaymentPolicy)
    cancellation_policy: Annotated[
        CancellationPolicy,
        Field(
            description="What clients get back who cancel. A quote keeps the policy that applied when it was sent. "
            "A client can have its own policy."
        ),
    ] = Field(default_factory=default_policy)
    terms: Annotated[
        TermsText,
        Field(
            description="Terms and conditions in plain text. The client reads them with the quote and accepts them "
            "with it. A quote keeps the text with which it was sent."
        ),
    ] = ""
    bank_details: Annotated[
        ShortNote,
        Field(description="How to pay by transfer: name, account and routing number, or IBAN. Shown on invoices."),
    ] = ""
    hours_policy: HoursPolicy = Field(default_factory=HoursPolicy)
    free_wait_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=1440,
            description="Minutes of waiting at a stop, beyond the plan, that are not billed.",
        ),
    ] = 15
    recovery_answer_minutes: Annotated[
        int, Field(ge=1, le=1440, description="Minutes that a driver has to answer the offer of a trip in a recovery.")
    ] = 10
    report_times: Annotated[
        ReportTimes, Field(description="Applies to trips that are quoted or assigned from now on.")
    ] = Field(default_factory=ReportTimes)
    quote_reminders: Annotated[
        bool,
        Field(
            description="Whether clients are reminded, by email, of a quote that expires in a day and has no answer. A "
            "client can switch it off in its email preferences."
        ),
    ] = True
    annual_requotes: Annotated[
        bool,
        Field(
            description="Whether a trip of a client becomes a lead 11 months later, unless the client has booked or "
            "asked again since."
        ),
    ] = True
    trip_reminders: TripReminderSettings = Field(default_factory=TripReminderSettings)
    branding: Branding = Field(default_factory=Branding)


class Organization(Entity, OrganizationSettings):
    """An organization."""

    KIND: ClassVar[str] = "organization"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"data_version"})
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    slug: Slug
    logo: Annotated[
        LogoDetails | None,
        Field(description="The logo that was uploaded. Pages and PDFs show it; without one, pages show `logo_url`."),
    ] = None
    data_version: int = DataVersion.ORIGINAL
    is_confirmed: Annotated[
        bool,
        Field(description="Whether an admin has confirmed their email address. Until then, few messages are sent."),
    ] = True

    def has_data(self, version: DataVersion) -> bool:
        """Whether its stored items have what this version added."""
        return self.data_version >= version

    def key(self) -> Key:
        return ORGANIZATIONS.key(org=self.org_id)

    @property
    def number_code(self) -> str:
        """The code of the organization in invoice numbers: `HARBOR` in `INV-2026-HARBOR-00001`."""
        return self.number_prefixes.organization or self.slug.replace("-", "").upper()[:12]

    @property
    def display_name(self) -> str:
        """The name that clients see."""
        return self.branding.display_name or self.name
