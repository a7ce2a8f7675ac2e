"""Timer job: a trip that a client had 11 months ago becomes a lead, unless they have come back since."""

from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters import booking_contact
from coachway.bookings.charters.model import CHARTER, OF_CLIENT, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients.model import PREFERENCES, Client, ClientStatus, ClientType, Contact, EmailPreferences
from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.trip_vehicles import describe_vehicles
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.leads import capture
from coachway.sales.leads.model import LEAD, LEADS_OF_CLIENT, Lead, LeadOfClient, NewLead
from coachway.sales.leads.rules import LeadSource
from coachway.sales.requotes import rules
from coachway.sales.requotes.model import DUE, Requote
from coachway.sales.requotes.rules import OtherTrip

_TIMER: Final = "annual-requotes"
_NEWEST: Final = 50
"""The charters and the leads of a client that are looked at, newest first."""


class RequoteResult(BaseSchema):
    """Number of trips that became leads, of those that did not, and of those that failed and are retried."""

    captured: int = 0
    skipped: int = 0
    failed: int = 0


def run() -> RequoteResult:
    """Decide on every re-quote that is due. Handling one again captures no second lead."""
    return RequoteResult(**hourly_sweep.sweep(_TIMER, Requote, DUE, _decide))


def _decide(indexed: Requote, now: datetime) -> str:
    caller = Caller.system(_TIMER, indexed.org_id)
    charter_key = CHARTER.key(org=indexed.org_id, id=indexed.charter_id)
    organization_key = ORGANIZATIONS.key(org=indexed.org_id)
    records = store.batch_get([indexed.key(), charter_key, organization_key])
    requote, charter = records.find(Requote, indexed.key()), records.find(Charter, charter_key)
    if requote is None or requote.due is None or requote.due > now:
        return ""
    organization = records.get(Organization, organization_key)
    decided, lead = Update(requote, requote.model_copy(update={"due": None})), None
    if charter is not None and organization.annual_requotes and _is_completed(charter):
        lead = _build_lead(charter, now.astimezone(ZoneInfo(organization.timezone)).date())
    if lead is None:
        store.commit(caller, decided)
        return "skipped"
    capture.capture_lead(
        caller, lead, other_ops=[decided], previous_charter_id=indexed.charter_id, next_follow_up_at=requote.due
    )
    return "captured"


def _is_completed(charter: Charter) -> bool:
    return charter.deleted_at is None and charter.status is CharterStatus.COMPLETED


def _build_lead(charter: Charter, today: date) -> NewLead | None:
    """The lead; None if the client is not active, does not want to be written to, or has come back."""
    preferences_key = PREFERENCES.key(org=charter.org_id, client=charter.client_id)
    records = store.batch_get([*booking_contact.people_keys(charter), preferences_key])
    client, contact = booking_contact.find_client(charter, records), booking_contact.find_contact(charter, records)
    preferences = records.find(EmailPreferences, preferences_key)
    if client is None or client.status is not ClientStatus.ACTIVE or (preferences and preferences.opted_out):
        return None
    if _has_newer_trip(charter) or _has_open_lead(charter):
        return None
    fields = {**_person_fields(client, contact), **_trip_fields(charter, today), "client_id": client.id}
    return NewLead.model_construct(None, **fields)  # these values were accepted before


def _has_newer_trip(charter: Charter) -> bool:
    partition = OF_CLIENT.partition(org=charter.org_id, client=charter.client_id)
    page = query_page(Charter, OF_CLIENT, [partition], PageQuery(limit=_NEWEST), descending=True)
    others = (OtherTrip(each.id, each.trip_date, each.status) for each in page.items)
    return rules.has_newer_trip(charter.id, charter.trip_date, others)


def _has_open_lead(charter: Charter) -> bool:
    partition = LEADS_OF_CLIENT.partition(org=charter.org_id, client=charter.client_id)
    page = query_page(LeadOfClient, LEADS_OF_CLIENT, [partition], PageQuery(limit=_NEWEST), descending=True)
    keys = [LEAD.key(org=charter.org_id, id=each.lead_id) for each in page.items]
    return any(lead.is_open for lead in store.find_many(Lead, keys).values()) if keys else False


def _person_fields(client: Client, contact: Contact | None) -> dict[str, Any]:
    """Who is called: the contact of the booking, or else the client."""
    company = "" if client.client_type is ClientType.PERSONAL else client.name
    if contact is None or not (contact.email or contact.phone):
        return {"first_name": client.name, "company": company, "email": client.email, "phone": client.phone}
    first_name, _, last_name = contact.name.partition(" ")
    return {
        "first_name": first_name,
        "last_name": last_name,
        "company": client.name,
        "email": contact.email,
        "phone": contact.phone,
    }


def _trip_fields(charter: Charter, today: date) -> dict[str, Any]:
    """The trip, 52 weeks later."""
    first, destination = charter.stops[0], _find_destination(charter)
    day = rules.find_next_date(charter.trip_date)
    duration = charter.last_day - charter.trip_date
    vehicles = describe_vehicles(charter.vehicle_class, charter.vehicle_count, charter.vehicle_groups)
    return {
        "source": LeadSource.ANNUAL_REQUOTE,
        "source_detail": charter.number,
        "trip_details": f"Had this trip on {charter.trip_date} ({charter.number}): {vehicles}.",
        "estimated_passengers": charter.passengers,
        "estimated_trip_date": day if day >= today else None,
        "estimated_return_date": day + duration if day >= today and duration else None,
        "pickup_location": first.address,
        "pickup_latitude": first.latitude,
        "pickup_longitude": first.longitude,
        "dropoff_location": destination,
    }


def _find_destination(charter: Charter) -> str:
    """The last address that is not the first, so that of a round trip the place where it turned."""
    first, *others = (stop.address for stop in charter.stops)
    return next((address for address in reversed(others) if address != first), first)
