"""Charters: requests, the stored record and its access patterns."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from math import ceil
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
)

from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.charter_summary import CharterSummary, SentQuoteSummary, UncoveredVehicle
from coachway.bookings.charters.rules import RUN_STATUSES, CharterStatus
from coachway.bookings.charters.trip_model import CharterInput
from coachway.bookings.instalments import Instalment
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime, sortable
from coachway.core.types.geo import RoadLeg
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.types.search_text import SearchText
from coachway.core.workflows.failure import WorkflowFailure
from coachway.identity.model.cancellation_policy import CancellationPolicy
from coachway.pricing.adjustment_model import PriceAdjustments, PriceDisplay
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import Line, Margin, Miles, RulesPrice

CharterId = Annotated[str, Field(pattern=ids.pattern("chr"))]


CHARTER = AccessPattern(
    "a charter",
    pk="ORG#{org}#CHARTER#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "charters by month of creation, newest first",
    index="gsi1",
    pk="ORG#{org}#CHARTERS#{month}",
    sk="{id}",
)
BY_TRIP = AccessPattern(
    "charters by month of the trip, earliest departure first",
    index="gsi2",
    pk="ORG#{org}#TRIPS#{month}",
    sk="{day}T{starts}#{id}",
)
OF_CLIENT = AccessPattern(
    "the charters of a client, newest first",
    index="gsi3",
    pk="ORG#{org}#CHARTERS_OF_CLIENT#{client}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "charters in a status, by month of creation, newest first",
    index="gsi4",
    pk="ORG#{org}#CHARTERS#{status}#{month}",
    sk="{id}",
)


class CharterQuote(BaseSchema):
    """The price of the current revision, line by line. `GET /pricing/quotes/{id}` returns the applied rules."""

    id: str
    lines: list[Line]
    subtotal: StoredAmount
    discount: StoredAmount
    tax: StoredAmount
    total: StoredAmount
    currency: str
    warnings: list[Notice] = Field(default_factory=list)
    margin: Margin | None = None
    rules_price: Annotated[
        RulesPrice | None, Field(description="What the rules say, if the price was adjusted by hand.")
    ] = None

    @property
    def blocking(self) -> list[Notice]:
        """The warnings that keep the charter from being booked."""
        return [warning for warning in self.warnings if warning.blocking]

    @property
    def preventing_sending(self) -> list[Notice]:
        """The warnings that keep the quote from being sent."""
        return [warning for warning in self.warnings if warning.prevents_sending]


class VehicleCoverage(BaseSchema):
    """The coverage of one vehicle of a charter, numbered from 1: by a vendor, an assigned driver, or both."""

    vehicle: int
    vendor_id: str | None = None
    bid_id: str | None = None
    assignment_id: str | None = None
    driver_id: str | None = None
    second_driver_id: str | None = None
    driver_names: Annotated[list[str], Personal("driver")] = Field(default_factory=list)
    vehicle_id: str | None = None
    vehicle_name: str | None = None

    @property
    def is_covered(self) -> bool:
        """Whether the vehicle has a vendor or a driver."""
        return self.vendor_id is not None or self.assignment_id is not None


class Charter(Entity, CharterInput):
    """A charter. `trip_date` and `timezone` are those of the first stop. Changing the trip creates a new revision."""

    KIND: ClassVar[str] = "charter"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    number: str = ""
    status: CharterStatus = CharterStatus.QUOTE
    status_reason: Annotated[str, Personal()] = ""
    ended_by: Annotated[str, Field(description="User who cancelled the charter or declined its quote.")] = ""
    revision_number: int = 1
    miles: Miles
    miles_estimated: bool = False
    road_legs: Annotated[
        list[RoadLeg],
        Field(description="Miles and driving time from each stop to the next; empty if the miles were entered."),
    ] = Field(default_factory=list)
    passengers_per_vehicle: Annotated[
        dict[str, int],
        Field(
            description="The passengers for whom a vehicle of each class needs seats, in proportion to the seats of "
            "the class. Empty if all vehicles are of one class."
        ),
    ] = Field(default_factory=dict)
    timezone: str
    trip_date: date
    starts_at: LocalTime
    ends_at: LocalTime
    quote: CharterQuote
    price_adjustments: Annotated[
        PriceAdjustments | None, Field(description="What staff changed by hand. Clients do not see the reasons.")
    ] = None
    trip_revision_number: Annotated[
        int | None, Field(description="The revision that changed the trip last; null if it is the current one.")
    ] = None
    quote_sent_at: AwareDatetime | None = None
    quote_expires_at: AwareDatetime | None = None
    quote_opened_at: Annotated[
        AwareDatetime | None,
        Field(
            description="Time at which a person first opened the quote's page: it was visible, and somebody scrolled, "
            "moved or typed. Programs that only load links do not count, nor people whose browser runs no scripts."
        ),
    ] = None
    cancellation_policy: Annotated[
        CancellationPolicy | None,
        Field(
            description="What the client gets back when cancelling, as it was when the quote was sent or booked. Null "
            "if the quote was not sent: the default of 72, 48 and 24 hours applies."
        ),
    ] = None
    terms_digest: Annotated[
        str, Field(description="SHA-256 of the terms and conditions that the quote was sent with; empty if none.")
    ] = ""
    accepted_by: Annotated[str | None, Personal()] = None
    accepted_at: AwareDatetime | None = None
    instalments: list[Instalment] = Field(default_factory=list)
    """Set when agreed or accepted; until then the organization's payment policy applies."""
    amount_paid: StoredAmount = 0
    credit_reserved: StoredAmount = 0
    """The part of the client's credit that the charter uses until its invoice is issued."""
    invoice_id: str | None = None
    """The draft or issued invoice of the charter; None again after that is voided."""
    cancellation: Cancellation | None = None

    series_id: str | None = None
    recurrence_rule: str | None = None
    instance_number: int | None = None
    series_total: int | None = None
    is_series_master: bool = False
    parent_charter_id: str | None = None
    """The first charter of the series; None on that charter itself."""
    cloned_from_charter_id: str | None = None

    vehicles: list[VehicleCoverage] = Field(default_factory=list)
    """The covered vehicles. The module `coverage` updates `vendor_id`, `vendor_ids` and `driver_id` with it."""
    vendor_id: str | None = None
    """The first of `vendor_ids`."""
    vendor_ids: list[str] = Field(default_factory=list)
    """The vendors that were awarded vehicles."""
    workflow_failures: Annotated[
        dict[str, WorkflowFailure],
        Field(description="Workflows that stopped because a step failed, by name."),
        stored_as("flow_failures", "workflow_failures"),
    ] = Field(default_factory=dict)
    driver_id: str | None = None
    """The driver of the first vehicle that has one."""

    @property
    def is_accepted(self) -> bool:
        """Whether the client has accepted the current quote, booked or not."""
        return self.accepted_at is not None

    @property
    def price_display(self) -> PriceDisplay:
        """What the client sees of the price."""
        return self.price_adjustments.price_display if self.price_adjustments else "lines"

    @property
    def trip_revision(self) -> int:
        """The revision that changed the trip last. Later ones changed only the price: bids and drivers keep theirs."""
        return self.trip_revision_number or self.revision_number

    @property
    def last_day(self) -> date:
        """The date on which the trip ends, local to the last stop. Documents must be valid through it."""
        return self.ends_at.astimezone(ZoneInfo(self.stops[-1].timezone or self.timezone)).date()

    def get_passengers_per_vehicle(self, vehicle_class: str) -> int:
        """The passengers for whom each vehicle of the class needs seats."""
        return self.passengers_per_vehicle.get(vehicle_class, ceil(self.passengers / self.vehicle_count))

    @property
    def uncovered_vehicles(self) -> list[int]:
        """The numbers of the vehicles without a vendor or a driver, from 1."""
        covered = {cover.vehicle for cover in self.vehicles}
        return [number for number in range(1, self.vehicle_count + 1) if number not in covered]

    def count_uncovered_vehicles(self) -> Counter[str]:
        """The numbers of vehicles without a vendor or a driver, by class."""
        return Counter(map(self.get_vehicle_class, self.uncovered_vehicles))

    def list_uncovered_groups(self) -> list[VehicleGroup]:
        """The vehicles without a vendor or a driver, by class."""
        counts = self.count_uncovered_vehicles()
        return [VehicleGroup(vehicle_class=name, count=count) for name, count in counts.items()]

    def key(self) -> Key:
        return CHARTER.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        created = f"{ids.get_created_at(self.id):%Y-%m}"
        month, starts = f"{self.trip_date:%Y-%m}", sortable(self.starts_at)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=created, id=self.id),
            "gsi2": BY_TRIP.key(org=self.org_id, month=month, day=self.trip_date, starts=starts, id=self.id),
            "gsi3": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
            "gsi4": BY_STATUS.key(org=self.org_id, status=self.status, month=created, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        drivers = (each for cover in self.vehicles for each in (cover.driver_id, cover.second_driver_id) if each)
        run_by = {run_by_attribute(each): True for each in (*self.vendor_ids, *drivers)}
        sold_by = {"salesperson_id": self.salesperson_id} if self.salesperson_id else {}
        return {"status": str(self.status), "client_id": self.client_id, **sold_by, **run_by}

    def search_text(self) -> SearchText:
        first, *others, last = (stop.address for stop in self.stops)
        contact = self.on_site_contact
        return SearchText(
            self.number,
            f"{self.trip_date} {first} – {last}",
            numbers=(self.number,),
            codes=(self.po_number,),
            names=(contact.name,) if contact else (),
            phones=(contact.phone,) if contact else (),
            addresses=(first, last, *others),
            client_id=self.client_id,
        )

    def slim_copy(self) -> CharterSummary | None:
        vehicles, quote = self._list_vehicles_without_driver(), self._summarize_quote()
        if not vehicles and quote is None:
            return None
        names = ("org_id", "number", "trip_date", "timezone", "starts_at", "ends_at", "passengers")
        fields = {name: getattr(self, name) for name in names}
        pickup, dropoff = self.stops[0].address, self.stops[-1].address
        return CharterSummary(
            charter_id=self.id, pickup=pickup, dropoff=dropoff, vehicles=vehicles, quote=quote, **fields
        )

    def _summarize_quote(self) -> SentQuoteSummary | None:
        """The quote for its salesperson: sent and open, or accepted for a trip that is not over."""
        is_sent = self.status is CharterStatus.QUOTE and self.quote_sent_at is not None
        if self.salesperson_id is None or self.status.is_terminal or not (is_sent or self.is_accepted):
            return None
        return SentQuoteSummary(
            salesperson_id=self.salesperson_id,
            client_id=self.client_id,
            total=self.quote.total,
            currency=self.quote.currency,
            sent_at=self.quote_sent_at,
            expires_at=self.quote_expires_at,
            opened_at=self.quote_opened_at,
            accepted_at=self.accepted_at,
        )

    def _list_vehicles_without_driver(self) -> list[UncoveredVehicle]:
        """List the vehicles that dispatch has to assign; none before booking, or after the trip."""
        if self.status not in RUN_STATUSES:
            return []
        covers = {cover.vehicle: cover for cover in self.vehicles}
        vehicles = (covers.get(number, VehicleCoverage(vehicle=number)) for number in range(1, self.vehicle_count + 1))
        return [
            UncoveredVehicle(
                number=cover.vehicle,
                vendor_id=cover.vendor_id,
                vehicle_class=self.get_vehicle_class(cover.vehicle),
            )
            for cover in vehicles
            if cover.assignment_id is None
            and (cover.vendor_id is not None or self.status is not CharterStatus.COMPLETED)
        ]


def run_by_attribute(party_id: str) -> str:
    """The attribute that marks charters of a vendor or driver, since filters can only test equality."""
    return f"run_by_{party_id}"
