"""What a story is made of: clients, prices, trips and what becomes of them. Days count from the day of loading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from infra.local.demo.bid_scenario import Bidding
from infra.local.demo.fleet_scenario import Driver, Given, Vehicle

Json = dict[str, Any]


class Place(NamedTuple):
    """An address and where it is; `zone` where that is not the organization's own."""

    address: str
    latitude: float
    longitude: float
    zone: str = ""


class Call(NamedTuple):
    """A place on the way. Times are the place's own, `HH:MM`, with `+1 ` and so on for a later day of the trip.

    Of a trip that is told from the moment of loading on they are hours and minutes since its departure.
    """

    place: Place
    arrives: str = ""
    leaves: str = ""


class Step(NamedTuple):
    """What happens to a trip: the state that it leads to, who does it, and with what words."""

    state: str
    by: Literal["staff", "manager", "client", "link"]
    words: str = ""


SENT: Final = Step("sent", "staff")
EXPIRED: Final = Step("expired", "staff", "No answer in time")


def accepted(who: str) -> Step:
    """The client says yes by the link."""
    return Step("booked", "link", who)


def by_phone(who: str) -> Step:
    """The client says yes on the phone."""
    return Step("booked", "staff", who)


def declined(why: str) -> Step:
    """The client says no by the link."""
    return Step("declined", "link", why)


def confirmed(with_what: str) -> Step:
    """Vehicles and drivers are found."""
    return Step("confirmed", "manager", with_what)


STARTED: Final = Step("in_progress", "manager", "Left on time")
COMPLETED: Final = Step("completed", "manager", "Everybody is home")


def cancelled(why: str) -> Step:
    """The operator cancels."""
    return Step("cancelled", "manager", why)


def called_off(why: str) -> Step:
    """The client cancels, logged in."""
    return Step("cancelled", "client", why)


@dataclass(frozen=True)
class Client:
    """A client, the people there, and its address. `body` and the rest are as the API takes them."""

    body: Json
    contacts: tuple[Json, ...]
    address: Json

    @property
    def name(self) -> str:
        return str(self.body["name"])


def client(
    name: str, kind: str, email: str, phone: str, terms: str, credit: int, address: Json, *contacts: Json
) -> Client:
    """A client with its terms of payment and its credit limit."""
    body = {"name": name, "client_type": kind, "email": email, "phone": phone}
    return Client({**body, "payment_terms": terms, "credit_limit": credit}, contacts, address)


def contact(name: str, role: str, email: str) -> Json:
    """Somebody at a client's."""
    return {"name": name, "role": role, "email": email}


def billed_at(line1: str, city: str, state: str, postal_code: str, country: str = "US") -> Json:
    """Where the invoices go."""
    there = {"line1": line1, "city": city, "state": state, "postal_code": postal_code, "country": country}
    return {"address_type": "billing", **there}


class Bill(Enum):
    """What became of a trip's invoice."""

    DRAFT = "draft"
    ISSUED = "issued"
    IN_PART = "paid in part"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True)
class Trip:
    """A charter. `notes` tell it from all others. It leaves in `day` days, or on the `weekday` (0: Monday) after.

    One that `leaves_in` so long does so from the moment of loading on: a negative time has passed already.
    """

    notes: str
    client: str
    day: int
    trip_type: str
    calls: tuple[Call, ...]
    miles: int
    passengers: int
    vehicle_class: str = "coach"
    weekday: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    life: tuple[Step, ...] = ()
    weekly: int = 1
    """How many times, a week apart."""
    again_after: int | None = None
    """Days after which the same is quoted again, by cloning it."""
    bidding: Bidding | None = None
    bill: Bill | None = None
    leaves_in: timedelta | None = None
    given: tuple[Given, ...] = ()
    """By vehicle, once it is booked."""

    def body(self, now: datetime, zone: str, client_ids: Mapping[str, str]) -> Json:
        """As the API takes it, said at this moment of the organization's clock."""
        first = self.leaves_on(now.date())
        left = None if self.leaves_in is None else _five_minutes(now) + self.leaves_in
        return {
            "client_id": client_ids[self.client],
            "trip_type": self.trip_type,
            "vehicle_class": self.vehicle_class,
            "passengers": self.passengers,
            "stops": [_stop(call, first if left is None else left, zone) for call in self.calls],
            "miles": self.miles,
            "notes": self.notes,
            **self.more,
        }

    def leaves_on(self, today: date) -> date:
        """The day of its departure."""
        earliest = today + timedelta(days=self.day)
        return earliest + timedelta(days=0 if self.weekday is None else (self.weekday - earliest.weekday()) % 7)

    def departure(self, today: date, zone: str, later: int = 0) -> str:
        """When it leaves, or would leave so many days later."""
        first = self.calls[0]
        return _moment(first.leaves, self.leaves_on(today) + timedelta(days=later), first.place.zone or zone)


def _stop(call: Call, first: date | datetime, zone: str) -> Json:
    place = call.place
    times = {"estimated_arrival": call.arrives, "estimated_departure": call.leaves}
    return {
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "timezone": place.zone or zone,
        **{name: _moment(text, first, place.zone or zone) for name, text in times.items() if text},
    }


def _five_minutes(now: datetime) -> datetime:
    """The next full five minutes."""
    begun = now.astimezone(UTC).replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    return begun + timedelta(minutes=5)


def _moment(text: str, first: date | datetime, zone: str) -> str:
    if isinstance(first, datetime):
        hours, _, minutes = text.partition(":")
        return (first + timedelta(hours=int(hours), minutes=int(minutes))).astimezone(ZoneInfo(zone)).isoformat()
    later, _, clock = text.rpartition(" ")
    day = first + timedelta(days=int(later or 0))
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone)).isoformat()


@dataclass(frozen=True)
class Vendor:
    """A vendor, as the API takes one, approved and with its papers; or one that `applies` and is to be looked at."""

    body: Json
    expiring: str = ""
    applies: bool = False

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
    expiring: str = "",
    applies: bool = False,
) -> Vendor:
    """A vendor with vehicles of these classes, the largest of so many seats. `states` are where its trips start."""
    line, city, state = garage.address.split(", ")
    body: Json = {"business_name": name, "vendor_type": kind, "primary_contact_name": contact_name}
    body |= {"address_line1": line, "city": city, "state": state[:2], "zip_code": state[3:], "primary_email": email}
    body |= {"garage_latitude": garage.latitude, "garage_longitude": garage.longitude}
    body |= {"vehicle_types": [*classes], "total_vehicles": vehicles, "max_passenger_capacity": seats}
    body |= {"service_states": states.split(), "is_preferred": preferred, "is_ada_compliant": ada}
    return Vendor(body, expiring, applies)


@dataclass(frozen=True)
class Story:
    """All that an organization has. Rules that name a client do so by its name."""

    zone: str
    terms: Json
    rules: tuple[Json, ...]
    amenities: tuple[Json, ...]
    promo_codes: tuple[Json, ...]
    clients: tuple[Client, ...]
    trips: tuple[Trip, ...]
    drivers: tuple[Driver, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    represented: str = ""
    """The client that the organization's user of the role `client` acts for."""
    vendors: tuple[Vendor, ...] = ()
    carrier: str = ""
    """The vendor that the organization's user of the role `vendor` acts for."""
