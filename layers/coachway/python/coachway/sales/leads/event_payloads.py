"""Events of leads, built from their records."""

from typing import Any

from coachway.contracts.sales import LeadAssigned, LeadCaptured, LeadStatusChanged, LeadUnassigned
from coachway.core.caller import Caller
from coachway.core.types import ids
from coachway.sales.leads.model import Lead


def lead_captured(lead: Lead) -> LeadCaptured:
    """The event of a new lead."""
    return LeadCaptured(
        lead_id=lead.id,
        lead_kind=lead.kind.value,
        source=lead.source.value,
        status=lead.status.value,
        assigned_to_agent_id=lead.assigned_to_agent_id,
        client_id=lead.client_id,
    )


def agent_changed(
    caller: Caller, lead: Lead, *, agent_name: str, agent_email: str | None, previous_agent_id: str | None = None
) -> LeadAssigned | LeadUnassigned:
    """The event of a lead that got another agent, or has none."""
    if lead.assigned_to_agent_id is None or lead.assignment_method is None:
        return LeadUnassigned(**_contact(lead), previous_agent_id=previous_agent_id)
    is_own_choice = lead.assigned_to_agent_id == caller.user_id
    return LeadAssigned(
        **_contact(lead),
        method=lead.assignment_method.value,
        assigned_to_agent_id=lead.assigned_to_agent_id,
        previous_agent_id=previous_agent_id,
        agent_name=agent_name,
        agent_email="" if is_own_choice else agent_email or "",
    )


def status_changed(before: Lead, after: Lead) -> LeadStatusChanged:
    """The event of a lead that has another status."""
    return LeadStatusChanged(
        lead_id=after.id,
        old_status=before.status.value,
        new_status=after.status.value,
        source=after.source.value,
        lead_kind=after.kind.value,
        lost_reason=after.lost_reason.value if after.lost_reason else None,
        assigned_to_agent_id=before.assigned_to_agent_id,
        captured_at=ids.get_created_at(after.id),
        previous_since=before.status_since,
        changed_at=after.status_since,
    )


def _contact(lead: Lead) -> dict[str, Any]:
    return {
        "lead_id": lead.id,
        "full_name": lead.full_name,
        "company": lead.company,
        "email": lead.email,
        "phone": lead.phone,
        "trip_details": lead.trip_details,
        "estimated_passengers": lead.estimated_passengers,
        "estimated_trip_date": lead.estimated_trip_date,
        "pickup_location": lead.pickup_location,
        "dropoff_location": lead.dropoff_location,
        "explanation": lead.assignment_explanation,
        "status": lead.status.value,
        "source": lead.source.value,
    }
