"""Summaries of charters for lists that read many of them: trips without drivers, and quotes of a salesperson."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.core.persistence.records import SLIM_COPY, AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import LocalTime, sortable
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal

SUMMARY = AccessPattern(
    "the summary of a charter: its vehicles without a driver, and its quote",
    pk="ORG#{org}#CHARTER#{id}",
    sk=SLIM_COPY,
)
UNCOVERED_TRIPS = AccessPattern(
    "the trips of a day with vehicles that have no driver, earliest departure first",
    index="gsi1",
    pk="ORG#{org}#UNCOVERED_TRIPS#{day}",
    sk="{starts}#{id}",
)
QUOTES_OF_SALESPERSON = AccessPattern(
    "the quotes of a salesperson, by the time at which they were accepted or else expire",
    index="gsi2",
    pk="ORG#{org}#QUOTES_OF_SALESPERSON#{salesperson}",
    sk="{at}#{id}",
)


class UncoveredVehicle(BaseSchema):
    """A vehicle without a driver, numbered from 1. It may have been awarded to a vendor."""

    number: int
    vendor_id: str | None = None
    vehicle_class: str | None = None
    """None in summaries of an earlier release."""


class SentQuoteSummary(BaseSchema):
    """The quote of a charter that was sent or accepted, for the salesperson."""

    salesperson_id: str
    client_id: str
    total: StoredAmount
    currency: str
    sent_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    opened_at: AwareDatetime | None
    accepted_at: AwareDatetime | None


class CharterSummary(Record):
    """The slim copy of a charter with vehicles that have no driver, or with a quote of a salesperson."""

    KIND: ClassVar[str] = "uncovered_trip"

    org_id: str
    charter_id: str
    number: str
    trip_date: date
    timezone: str
    starts_at: LocalTime
    ends_at: LocalTime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
    passengers: int
    vehicles: list[UncoveredVehicle] = Field(default_factory=list)
    """Those without a driver."""
    quote: SentQuoteSummary | None = None

    def key(self) -> Key:
        return SUMMARY.key(org=self.org_id, id=self.charter_id)

    def indexes(self) -> Mapping[str, Key]:
        keys: dict[str, Key] = {}
        if self.vehicles:
            starts = sortable(self.starts_at)
            keys["gsi1"] = UNCOVERED_TRIPS.key(org=self.org_id, day=self.trip_date, starts=starts, id=self.charter_id)
        at = (self.quote.accepted_at or self.quote.expires_at) if self.quote else None
        if self.quote is not None and at is not None:
            keys["gsi2"] = QUOTES_OF_SALESPERSON.key(
                org=self.org_id, salesperson=self.quote.salesperson_id, at=sortable(at), id=self.charter_id
            )
        return keys
