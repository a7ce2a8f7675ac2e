"""The parts of a scenario: clients, vendors, prices and trips. Days count from the day on which it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from infra.local.demo.bid_scenario import BidRequestPlan
from infra.local.demo.fleet_scenario import AssignmentPlan, Downtime, Driver, Vehicle
from infra.local.demo.lead_scenario import AgentPlan, LeadPlan

Json = dict[str, Any]


class Place(NamedTuple):
    """An address and its position; `zone` if its time zone is not the organization's."""

    address: str
    latitude: float
    longitude: float
    zone: str = ""


class StopPlan(NamedTuple):
    """A stop of a trip. Times are local, `HH:MM`; the prefix `+1 ` means the second day of the trip, and so on.

    For a trip that has `departs_in`, they are hours and minutes since its departure.
    """

    place: Place
    arrives: str = ""
    departs: str = ""


class StatusChange(NamedTuple):
    """A status change of a trip: the new status, who makes it (`link`: the client online), and a comment."""

    status: str
    actor: Literal["staff", "manager", "client", "link"]
    comment: str = ""


SENT: Final = StatusChange("sent", "staff")
EXPIRED: Final = StatusChange("expired", "staff", "No answer in time")


def accepted_online(name: str) -> StatusChange:
    """The client accepts the quote by its link."""
    return StatusChange("booked", "link", name)


def accepted_by_phone(name: str) -> StatusChange:
    """The client accepts the quote by phone."""
    return StatusChange("booked", "staff", name)


def declined_online(reason: str) -> StatusChange:
    """The client declines the quote by its link."""
    return StatusChange("declined", "link", reason)


def confirmed(vehicles: str) -> StatusChange:
    """A manager confirms the vehicles and drivers."""
    return StatusChange("confirmed", "manager", vehicles)


STARTED: Final = StatusChange("in_progress", "manager", "Left on time")
COMPLETED: Final = StatusChange("completed", "manager", "Everybody is home")


def cancelled_by_operator(reason: str) -> StatusChange:
    """A manager cancels the trip."""
    return StatusChange("cancelled", "manager", reason)


def cancelled_by_client(reason: str) -> StatusChange:
    """The client, logged in, cancels the trip."""
    return StatusChange("cancelled", "client", reason)


@dataclass(frozen=True)
class Client:
    """A client, its contacts and its address, as the API's request bodies."""

    body: Json
    contacts: tuple[Json, ...]
    address: Json

    @property
    def name(self) -> str:
        return str(self.body["name"])


def client(
    name: str, kind: str, email: str, phone: str, terms: str, credit: int, address: Json, *contacts: Json
) -> Client:
    """A client with its payment terms and credit limit."""
    body = {"name": name, "client_type": kind, "email": email, "phone": phone}
    return Client({**body, "payment_terms": terms, "credit_limit": credit}, contacts, address)


def contact(name: str, role: str, email: str) -> Json:
    """A contact of a client."""
    return {"name": name, "role": role, "email": email}


def billing_address(line1: str, city: str, state: str, postal_code: str, country: str = "US") -> Json:
    """The billing address of a client."""
    fields = {"line1": line1, "city": city, "state": state, "postal_code": postal_code, "country": country}
    return {"address_type": "billing", **fields}


class InvoiceState(Enum):
    """The state that a trip's invoice has by now."""

    DRAFT = "draft"
    ISSUED = "issued"
    PARTLY_PAID = "partly paid"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True)
class Trip:
    """A charter, identified by its `notes`. It departs in `day` days, or on the next `weekday` (0: Monday) after that.

    With `departs_in`, it departs that long after loading; a negative time means that it departed already.
    """

    notes: str
    client: str
    day: int
    trip_type: str
    stops: tuple[StopPlan, ...]
    miles: int
    passengers: int
    vehicle_class: str = "coach"
    weekday: int | None = None
    extra_fields: Mapping[str, Any] = field(default_factory=dict)
    status_changes: tuple[StatusChange, ...] = ()
    weekly_count: int = 1
    """How many times the trip takes place, a week apart."""
    clone_after_days: int | None = None
    """After how many days a clone of the charter departs."""
    bid_request: BidRequestPlan | None = None
    invoice: InvoiceState | None = None
    departs_in: timedelta | None = None
    assignments: tuple[AssignmentPlan, ...] = ()
    """By vehicle, once the trip is booked."""
    held_vehicles: tuple[str, ...] = ()
    """Names of vehicles that are held for the trip while its quote waits for an answer."""
    price_adjustments: Mapping[str, Any] | None = None
    """What a manager changes on the first quote, as the API's request body."""
    is_entered_by_address: bool = False
    """Whether coordinates, time zones and miles are left to the map service."""

    def charter_body(self, now: datetime, zone: str, client_ids: Mapping[str, str]) -> Json:
        """The API's request body; `now` is in the organization's time zone."""
        first_day = self.departure_date(now.date())
        start = None if self.departs_in is None else _next_five_minutes(now) + self.departs_in
        body: Json = {
            "client_id": client_ids[self.client],
            "trip_type": self.trip_type,
            "vehicle_class": self.vehicle_class,
            "passengers": self.passengers,
            "stops": [_stop_body(stop, first_day if start is None else start, zone) for stop in self.stops],
            "miles": self.miles,
            "notes": self.notes,
            **self.extra_fields,
        }
        if self.is_entered_by_address:
            del body["miles"]
            for stop in body["stops"]:
                for name in ("latitude", "longitude", "timezone"):
                    del stop[name]
        return body

    def departure_date(self, today: date) -> date:
        """The day on which the trip departs."""
        earliest = today + timedelta(days=self.day)
        return earliest + timedelta(days=0 if self.weekday is None else (self.weekday - earliest.weekday()) % 7)

    def departure_time(self, today: date, zone: str, days_later: int = 0) -> str:
        """When the trip departs, or when it would depart some days later."""
        first = self.stops[0]
        day = self.departure_date(today) + timedelta(days=days_later)
        return _local_time(first.departs, day, first.place.zone or zone)


class ProposalPlan(NamedTuple):
    """A proposal that is sent to a client, identified by its title; its options are trips, by label."""

    title: str
    text: str
    client: str
    days_valid: int
    options: Mapping[str, Trip]


def _stop_body(stop: StopPlan, start: date | datetime, zone: str) -> Json:
    place = stop.place
    times = {"estimated_arrival": stop.arrives, "estimated_departure": stop.departs}
    return {
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "timezone": place.zone or zone,
        **{name: _local_time(text, start, place.zone or zone) for name, text in times.items() if text},
    }


def _next_five_minutes(now: datetime) -> datetime:
    """The next full five minutes."""
    current = now.astimezone(UTC).replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    return current + timedelta(minutes=5)


def _local_time(text: str, start: date | datetime, zone: str) -> str:
    if isinstance(start, datetime):
        hours, _, minutes = text.partition(":")
        return (start + timedelta(hours=int(hours), minutes=int(minutes))).astimezone(ZoneInfo(zone)).isoformat()
    days, _, clock = text.rpartition(" ")
    day = start + timedelta(days=int(days or 0))
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone)).isoformat()


@dataclass(frozen=True)
class Vendor:
    """A vendor; `body` is the API's request body. It is approved with all documents, unless it `is_applicant`."""

    body: Json
    expiring_document: str = ""
    is_applicant: bool = False

    @property
    def name(self) -> str:
        return str(self.body["business_name"])


def vendor(
    name: str,
    kind: str,
    contact_name: str,
    email: str,
    garage: Place,
    *classes: str,
    vehicles: int,
    seats: int,
    states: str,
    preferred: bool = False,
    ada: bool = False,
    expiring_document: str = "",
    is_applicant: bool = False,
) -> Vendor:
    """A vendor with vehicles of these classes, whose trips start in `states`; `seats` is its largest vehicle's."""
    line, city, state = garage.address.split(", ")
    body: Json = {"business_name": name, "vendor_type": kind, "primary_contact_name": contact_name}
    body |= {"address_line1": line, "city": city, "state": state[:2], "zip_code": state[3:], "primary_email": email}
    body |= {"garage_latitude": garage.latitude, "garage_longitude": garage.longitude}
    body |= {"vehicle_types": [*classes], "total_vehicles": vehicles, "max_passenger_capacity": seats}
    body |= {"service_states": states.split(), "is_preferred": preferred, "is_ada_compliant": ada}
    return Vendor(body, expiring_document, is_applicant)


@dataclass(frozen=True)
class Scenario:
    """All data of an organization. Pricing rules name a client by its name."""

    zone: str
    settings: Json
    rules: tuple[Json, ...]
    amenities: tuple[Json, ...]
    promo_codes: tuple[Json, ...]
    clients: tuple[Client, ...]
    trips: tuple[Trip, ...]
    drivers: tuple[Driver, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    downtimes: tuple[Downtime, ...] = ()
    client_of_user: str = ""
    """The client that the organization's user with the role `client` acts for."""
    vendors: tuple[Vendor, ...] = ()
    agents: tuple[AgentPlan, ...] = ()
    leads: tuple[LeadPlan, ...] = ()
    proposals: tuple[ProposalPlan, ...] = ()
    vendor_of_user: str = ""
    """The vendor that the organization's user with the role `vendor` acts for."""
