"""Completes the score of a lead with the client's bookings and the fleet when its event arrives; see `score`."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.model import BY_TRIP, OF_CLIENT, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.contracts.sales import LeadCaptured, LeadUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Refresh
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PageQuery
from coachway.core.types.date_ranges import list_months
from coachway.fleet.model import VehicleStatus
from coachway.fleet.roster import list_roster
from coachway.identity.model.organization import Organization
from coachway.identity.organization_queries import get_organization
from coachway.sales.leads.empty_legs import find_empty_leg
from coachway.sales.leads.model import LEAD, Lead
from coachway.sales.leads.score import with_score
from coachway.sales.leads.score_rules import FreeVehicle, find_free_vehicles

_RUNNING: Final = frozenset({CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS})
_BOOKED: Final = _RUNNING | {CharterStatus.COMPLETED}
_LONGEST_TRIP: Final = timedelta(days=3)
"""Trips that began so long before a date can still need their vehicles on it. Longer ones are rare."""


@retry_on_conflict
def score_lead(caller: Caller, delivery: Delivery) -> None:
    """Score a lead with the client's bookings and the fleet. The version of the lead stays the same."""
    lead = store.find(Lead, LEAD.key(org=caller.org_id, id=str(delivery.data["lead_id"])))
    if lead is None or not lead.is_open:
        return
    organization = get_organization(caller.org_id)
    today = clock.now().astimezone(ZoneInfo(organization.timezone)).date()
    bookings = _count_bookings(caller, lead.client_id) if lead.client_id else 0
    day, free, leg = lead.estimated_trip_date, None, None
    if day is not None:
        trips = _list_trips(caller, day)
        free = _list_free(caller, organization, trips)
        leg = find_empty_leg(caller, lead, trips)
    scored = with_score(lead, today, earlier_bookings=bookings, free_vehicles=free)
    scored = scored.model_copy(update={"empty_leg": leg})
    if scored != lead:
        store.commit(caller, Refresh(lead, scored))


def _count_bookings(caller: Caller, client_id: str) -> int:
    """The booked trips among the newest 50 of a client. One query."""
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    page = query_page(Charter, OF_CLIENT, [partition], PageQuery(limit=50), descending=True)
    return sum(charter.status in _BOOKED for charter in page.items)


def _list_free(caller: Caller, organization: Organization, trips: Collection[Charter]) -> list[FreeVehicle]:
    """The organization's own vehicles that none of the trips of a date needs. One query."""
    _, vehicles = list_roster(caller, organization, drivers=False, vehicles=True)
    fleet = [
        FreeVehicle(vehicle.vehicle_class, vehicle.capacity)
        for vehicle in vehicles
        if vehicle.status is VehicleStatus.IN_SERVICE and vehicle.vendor_id is None
    ]
    return find_free_vehicles(fleet, _count_committed(trips)) if fleet else []


def _list_trips(caller: Caller, day: date) -> list[Charter]:
    """The booked trips that are under way on a date. At most two queries."""
    first = day - _LONGEST_TRIP
    partitions = [BY_TRIP.partition(org=caller.org_id, month=month) for month in list_months(first, day)]
    page = query_page(Charter, BY_TRIP, partitions, PageQuery(limit=100), between=(f"{first}T", f"{day}U"))
    return [
        charter
        for charter in page.items
        if charter.status in _RUNNING and charter.ends_at.astimezone(ZoneInfo(charter.timezone)).date() >= day
    ]


def _count_committed(trips: Collection[Charter]) -> Mapping[str, int]:
    """The vehicles of each class that booked trips need from the own fleet."""
    committed: Counter[str] = Counter()
    for charter in trips:
        by_vendors = Counter(charter.get_vehicle_class(each.vehicle) for each in charter.vehicles if each.vendor_id)
        for group in charter.list_groups():
            committed[group.vehicle_class] += max(0, group.count - by_vendors[group.vehicle_class])
    return committed


CONSUMERS: Final[Mapping[str, Consumer]] = {LeadCaptured.TYPE: score_lead, LeadUpdated.TYPE: score_lead}
"""Consumers by event type; the template is generated from them."""
