"""Convert a lead: its client, its charter and the lead itself change in one transaction.

This module imports pricing and driving hours, so requests that only read leads must not import it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coachway.bookings.charters import detail_resolution, drafting, trip_places
from coachway.bookings.charters.drafting import CharterDraft, DraftContext
from coachway.clients import service as clients
from coachway.clients.model import Client, ClientInput, ClientType
from coachway.contracts.sales import LeadConverted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import UNIQUE, CheckVersion, Op, Update
from coachway.core.persistence.records import Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.core.user_reference import USERS
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.model.user import User
from coachway.identity.staff import is_active_staff
from coachway.sales.conversion.schemas import ConversionInput, ConvertedTrip
from coachway.sales.conversion.trip_request import build_trip_request, set_local_times
from coachway.sales.leads import contacts, event_payloads, queries
from coachway.sales.leads.errors import ClientEmailTaken
from coachway.sales.leads.model import LEAD, Lead
from coachway.sales.leads.rules import TRANSITIONS, LeadKind, LeadStatus
from coachway.sales.leads.service import require_not_merged


@dataclass(frozen=True, slots=True)
class _ClientChoice:
    """The client of a conversion: an existing one, or the fields of a new one with the emails that must be free."""

    id: str
    new: dict[str, Any] | None
    email_keys: Sequence[Key] = ()


@retry_on_conflict
def convert_lead(caller: Caller, lead_id: str, request: ConversionInput) -> Lead:
    """Convert a lead to a client and a charter; a lead for a move to a client only.

    A lead that is converted is returned as it is, so that the request can be repeated.

    Raises NotFound, LeadMerged, InvalidStatusTransition for a dead lead, ClientEmailTaken, ClientInactive, and Invalid
    if something that the charter needs is neither sent nor known.
    """
    organization_key, lead_key = ORGANIZATIONS.key(org=caller.org_id), LEAD.key(org=caller.org_id, id=lead_id)
    records = store.batch_get([organization_key, lead_key])
    before, organization = records.get(Lead, lead_key), records.get(Organization, organization_key)
    require_not_merged(before)
    if before.status is LeadStatus.CONVERTED:
        return before
    TRANSITIONS.require(before.status, LeadStatus.CONVERTED)
    _require_permissions(caller, request)
    choice = _choose_client(before, request)
    try:
        if before.kind is LeadKind.MOVE:
            if request.charter is not None:
                raise errors.Invalid.field("charter", "must be omitted: the lead is about a move")
            return _convert_to_client(caller, before, choice, organization.currency)
        if request.charter is None:
            raise errors.Invalid.field("charter", "is required: the lead is about a charter", "required")
        return _convert_to_charter(caller, before, choice, request.charter, organization.timezone)
    except (errors.Duplicate, ClientEmailTaken) as failure:
        return _find_other_conversion(caller, before, failure)


def _find_other_conversion(caller: Caller, before: Lead, failure: errors.Conflict) -> Lead:
    """Return the lead if another request converted it since, and so created the client. Raises ClientEmailTaken."""
    current = queries.get_lead(caller, before.id)
    if current.status is LeadStatus.CONVERTED:
        return current
    if isinstance(failure, ClientEmailTaken):
        raise failure
    raise ClientEmailTaken("A client with this email was created at the same time. Send its client_id.") from failure


def _require_permissions(caller: Caller, request: ConversionInput) -> None:
    """Raise Forbidden unless the caller may do what the conversion consists of."""
    if request.charter is not None:
        caller.require("charters:write")
    if request.client_id is None:
        caller.require("clients:write")


def _choose_client(lead: Lead, request: ConversionInput) -> _ClientChoice:
    existing_id = request.client_id or (None if request.client else lead.client_id)
    if existing_id is not None:
        return _ClientChoice(existing_id, new=None)
    values = {
        "name": lead.company or lead.full_name,
        "client_type": ClientType.CORPORATE if lead.company else ClientType.PERSONAL,
        "email": lead.email,
        "phone": lead.phone,
        **request.client_values(),
    }
    email = values["email"]
    if email is None:
        raise errors.Invalid.field("client.email", "is required: the lead has no email", "required")
    is_sent = request.client is not None and request.client.email is not None
    keys = (
        [UNIQUE.key(org=lead.org_id, name="client-email", value=normalize_email(email))]
        if is_sent
        else contacts.client_keys(lead.org_id, email)
    )
    return _ClientChoice(ids.new("cli"), new=values, email_keys=keys)


def _other_keys(lead: Lead, choice: _ClientChoice) -> list[Key]:
    """The keys of the lead's contacts and agent, and of the emails that the new client may not take."""
    agent = [USERS.key(org=lead.org_id, id=lead.assigned_to_agent_id)] if lead.assigned_to_agent_id else []
    return [*contacts.contact_keys(lead.org_id, lead.email, lead.phone), *agent, *choice.email_keys]


def _convert_to_client(caller: Caller, before: Lead, choice: _ClientChoice, currency: str) -> Lead:
    client_key = CLIENT.key(org=caller.org_id, id=choice.id)
    records = store.batch_get([client_key, *_other_keys(before, choice)])
    client_ops = _client_ops(caller, before, choice, records, currency)
    after = _build_converted(before, choice)
    store.commit(caller, *_lead_ops(before, after, choice, records), *client_ops, response=lambda: after)
    return after


def _convert_to_charter(caller: Caller, before: Lead, choice: _ClientChoice, trip: ConvertedTrip, zone: str) -> Lead:
    request = build_trip_request(before, trip, choice.id, zone)
    context = drafting.load_context(
        caller, request, is_new_client=choice.new is not None, other_keys=_other_keys(before, choice)
    )
    client_ops = _client_ops(caller, before, choice, context.records, context.pricing.organization.currency)
    request, places = trip_places.locate_trip(caller, request)
    if trip.stops is None:
        request = request.model_copy(update={"stops": set_local_times(request.stops, zone)})
    draft = drafting.build_charter(caller, context, request, places)
    agent = _find_agent(before, context.records)
    if trip.salesperson_id is None and detail_resolution.can_sell(agent):
        draft.charter.salesperson_id = before.assigned_to_agent_id
    return _commit_charter(caller, before, choice, context, draft, client_ops)


def _commit_charter(
    caller: Caller,
    before: Lead,
    choice: _ClientChoice,
    context: DraftContext,
    draft: CharterDraft,
    client_ops: Sequence[Op],
) -> Lead:
    after = _build_converted(before, choice, charter_id=draft.charter.id)

    def build_ops(sequence_number: int) -> list[Op]:
        charter_ops = drafting.create_charter_ops(caller, context, draft, sequence_number)
        after.charter_number = draft.charter.number
        lead_ops = _lead_ops(before, after, choice, context.records, quoted_total=draft.charter.quote.total)
        return [*lead_ops, *client_ops, *charter_ops]

    store.commit_with_sequence(caller, drafting.sequence_name(draft.charter), build_ops, response=lambda: after)
    return after


def _find_agent(lead: Lead, records: store.BatchResult) -> User | None:
    if lead.assigned_to_agent_id is None:
        return None
    return records.find(User, USERS.key(org=lead.org_id, id=lead.assigned_to_agent_id))


def _client_ops(
    caller: Caller, lead: Lead, choice: _ClientChoice, records: store.BatchResult, currency: str
) -> list[Op]:
    """Return the operations for the client: its creation, or the check that it still exists."""
    if choice.new is None:
        client = records.get(Client, CLIENT.key(org=caller.org_id, id=choice.id))
        return [CheckVersion(client, errors.ConcurrentUpdate("The client was changed by another request. Retry."))]
    owner = next((owner for key in choice.email_keys if (owner := records.unique_owner(key))), None)
    if owner is not None:
        raise ClientEmailTaken(
            f"The client {owner} has this email. Send its client_id, or another email for the new client."
        )
    agent = _find_agent(lead, records)
    agent_id = lead.assigned_to_agent_id if agent is not None and is_active_staff(agent) else None
    request = ClientInput(**choice.new, assigned_agent_id=agent_id)
    return clients.create_client_ops(clients.build_client(caller, choice.id, request, currency))


def _build_converted(before: Lead, choice: _ClientChoice, *, charter_id: str | None = None) -> Lead:
    now = clock.now()
    return before.model_copy(
        update={
            "status": LeadStatus.CONVERTED,
            "status_since": now,
            "conversion_date": now,
            "client_id": choice.id,
            "charter_id": charter_id,
            "first_contacted_at": before.first_contacted_at or now,
            "next_follow_up_at": None,
        }
    )


def _lead_ops(
    before: Lead, after: Lead, choice: _ClientChoice, records: store.BatchResult, *, quoted_total: int = 0
) -> list[Op]:
    converted = LeadConverted(
        lead_id=after.id,
        lead_kind=after.kind.value,
        source=after.source.value,
        client_id=choice.id,
        is_new_client=choice.new is not None,
        charter_id=after.charter_id,
        quoted_total=quoted_total,
        assigned_to_agent_id=after.assigned_to_agent_id,
        captured_at=ids.get_created_at(after.id),
        converted_at=after.conversion_date or clock.now(),
    )
    events = [event_payloads.status_changed(before, after), converted]
    return [Update(before, after, events), *contacts.change_contacts_ops(records, before, after)]
