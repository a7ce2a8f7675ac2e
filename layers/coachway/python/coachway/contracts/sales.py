"""Events of leads and of their assignment."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal


class LeadCaptured(Event):
    """Somebody asked for a trip or a move."""

    TYPE: ClassVar[str] = "lead.captured"

    lead_id: str
    lead_kind: str
    source: str
    status: str
    assigned_to_agent_id: str | None = None
    client_id: str | None = None


class LeadAskedAgain(Event):
    """Somebody with an open lead asked again."""

    TYPE: ClassVar[str] = "lead.asked_again"

    lead_id: str
    source: str
    assigned_to_agent_id: str | None = None


class _LeadContact(Event):
    """The fields that a message about a lead shows."""

    lead_id: str
    full_name: Annotated[str, Personal()]
    company: Annotated[str, Personal()] = ""
    email: Annotated[str | None, Personal()] = None
    phone: Annotated[str | None, Personal()] = None
    trip_details: Annotated[str, Personal()] = ""
    estimated_passengers: int | None = None
    estimated_trip_date: date | None = None
    pickup_location: Annotated[str, Personal()] = ""
    dropoff_location: Annotated[str, Personal()] = ""
    explanation: Annotated[list[str], Personal("user")] = Field(default_factory=list)


class LeadAssigned(_LeadContact):
    """A lead got an agent, or another one. `agent_email` is empty if the agent took it themselves."""

    TYPE: ClassVar[str] = "lead.assigned"
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lead_id": "lead_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "full_name": "Bob Wilson",
                    "company": "Wilson School",
                    "email": "bob@wilson.example",
                    "phone": "+12125550199",
                    "trip_details": "Class trip to Boston and back",
                    "estimated_passengers": 48,
                    "estimated_trip_date": "2027-05-14",
                    "pickup_location": "11 Wall St, New York, NY",
                    "dropoff_location": "1 Franklin Park Rd, Boston, MA",
                    "explanation": ["Skipped Sarah: 5 of 5 today.", "Assigned to Tom: it is their turn."],
                    "status": "new",
                    "source": "web",
                    "method": "rotation",
                    "assigned_to_agent_id": "usr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "agent_name": "Tom Sales",
                    "agent_email": "tom@harbor.example",
                }
            ]
        }
    )

    status: str
    source: str
    method: str
    assigned_to_agent_id: str
    previous_agent_id: str | None = None
    agent_name: Annotated[str, Personal("user")] = ""
    agent_email: Annotated[str, Personal("user")] = ""


class LeadUnassigned(_LeadContact):
    """No agent is available for a lead, or its agent was removed. It is assigned when somebody becomes available."""

    TYPE: ClassVar[str] = "lead.unassigned"
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lead_id": "lead_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "full_name": "Bob Wilson",
                    "company": "Wilson School",
                    "email": "bob@wilson.example",
                    "phone": "+12125550199",
                    "trip_details": "Class trip to Boston and back",
                    "estimated_passengers": 48,
                    "estimated_trip_date": "2027-05-14",
                    "pickup_location": "11 Wall St, New York, NY",
                    "dropoff_location": "1 Franklin Park Rd, Boston, MA",
                    "explanation": ["Skipped Sarah: 5 of 5 today.", "Unassigned: no agent is available."],
                    "status": "new",
                    "source": "web",
                }
            ]
        }
    )

    status: str
    source: str
    previous_agent_id: str | None = None


class LeadUpdated(Event):
    """The data of a lead was changed."""

    TYPE: ClassVar[str] = "lead.updated"

    lead_id: str
    contact_changed: bool = False


class LeadStatusChanged(Event):
    """A lead reached another stage, or was lost."""

    TYPE: ClassVar[str] = "lead.status_changed"

    lead_id: str
    old_status: str
    new_status: str
    source: str
    lead_kind: str
    lost_reason: str | None = None
    assigned_to_agent_id: str | None = None
    """The agent until then. If the same request gives the lead to another agent, `lead.assigned` follows."""
    captured_at: datetime
    previous_since: datetime | None = None
    """The time at which the lead got its old status; None if that is unknown."""
    changed_at: datetime | None = None


class LeadConverted(Event):
    """A lead became a client with a booking. Leads for a move have no charter; `quoted_total` is in cents."""

    TYPE: ClassVar[str] = "lead.converted"

    lead_id: str
    lead_kind: str
    source: str
    client_id: str
    is_new_client: bool
    charter_id: str | None = None
    quoted_total: int = 0
    assigned_to_agent_id: str | None = None
    captured_at: datetime
    converted_at: datetime


class LeadActivityAdded(Event):
    """An activity of a lead was recorded."""

    TYPE: ClassVar[str] = "lead.activity_added"

    lead_id: str
    activity_id: str
    activity_type: str


class LeadsMerged(Event):
    """A lead was merged into another one. Its activities and documents belong to that one."""

    TYPE: ClassVar[str] = "lead.merged"

    lead_id: str
    merged_into_id: str
    status: str
    source: str
    assigned_to_agent_id: str | None = None
    status_since: datetime | None = None


class AssignmentRuleCreated(Event):
    """An agent gets leads. Waiting leads are assigned."""

    TYPE: ClassVar[str] = "assignment_rule.created"

    rule_id: str
    agent_id: str


class AssignmentRuleUpdated(Event):
    """The assignment rule of an agent was changed. Waiting leads are assigned."""

    TYPE: ClassVar[str] = "assignment_rule.updated"

    rule_id: str
    agent_id: str
