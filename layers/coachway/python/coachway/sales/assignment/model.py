"""Assignment rules of agents, and the roster with the state of the turns: requests, records and access patterns."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, ValidationInfo, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp, sortable, sortable_hour
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.stored_values import is_stored
from coachway.core.types.text import Text
from coachway.sales.assignment.rotation import Rotation
from coachway.sales.assignment.rules import AgentAvailability, local_date

AssignmentRuleId = Annotated[str, Field(pattern=ids.pattern("asr"))]
UserId = Annotated[str, Field(pattern=ids.pattern("usr"), examples=["usr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"])]

MAX_RULES: Final = 50
_DAYS_KEPT: Final = 3
"""Days whose numbers of leads are kept, because the clocks of functions differ a little."""

RULES = AccessPattern(
    "the assignment rules of an organization, oldest first", pk="ORG#{org}#ASSIGNMENT-RULES", sk="RULE#{id}"
)
ROSTERS_DUE = AccessPattern(
    "organizations with leads that wait for an agent, by the hour at which one becomes available",
    index="gsi1",
    pk="LEAD-ROSTERS-DUE#{hour}",
    sk="{at}#{org}",
)
ROSTER = AccessPattern(
    "the agents of an organization who get leads, and whose turn it is", pk="ORG#{org}#LEAD-ROSTER", sk="HEAD"
)


class AssignmentRuleInput(RequestSchema):
    """How many of the new leads an agent gets, and when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "agent_id": "usr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "agent_name": "Sarah Sales",
                    "weight": 2,
                    "max_leads_per_day": 5,
                }
            ]
        }
    )

    agent_id: UserId
    agent_name: Annotated[Text, Personal("user", ERASED)]
    is_active: bool = True
    weight: Annotated[
        int, Field(ge=0, le=100, description="Leads in relation to the other agents. With 0, the agent gets none.")
    ] = 1
    max_leads_per_day: Annotated[
        int | None,
        Field(ge=0, le=1000, description="Most leads assigned automatically on one date of the organization."),
    ] = None
    away_from: Annotated[
        Timestamp | None, Field(description="Start of an absence. Without it, an absence with an end has begun.")
    ] = None
    away_until: Annotated[Timestamp | None, Field(description="When the agent is back.")] = None

    @model_validator(mode="after")
    def _check_absence(self, info: ValidationInfo) -> Self:
        is_input = not is_stored(info, "away_from", "away_until")
        if is_input and self.away_from and self.away_until and self.away_until <= self.away_from:
            raise ValueError("away_until: must be after away_from")
        return self


class AssignmentRule(Entity, AssignmentRuleInput):
    """The rule of an agent, with the leads that were assigned to them automatically."""

    KIND: ClassVar[str] = "assignment_rule"
    ETAG_IS_VERSION: ClassVar[bool] = False
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    total_leads_assigned: int = 0
    leads_assigned_today: int = 0
    last_assigned_at: AwareDatetime | None = None

    def key(self) -> Key:
        return RULES.key(org=self.org_id, id=self.id)

    def unique_values(self) -> Mapping[str, str]:
        return {"assignment-agent": self.agent_id}


class RosterAgent(BaseSchema):
    """An agent on the roster: a copy of their rule, and the address of their user."""

    rule_id: str
    agent_id: str
    agent_name: Annotated[str, Personal("user", ERASED)]
    email: Annotated[str | None, Personal("user")] = None
    is_active: bool = True
    weight: int = 1
    max_leads_per_day: int | None = None
    away_from: AwareDatetime | None = None
    away_until: AwareDatetime | None = None
    total_leads_assigned: int = 0
    last_assigned_at: AwareDatetime | None = None


class Roster(Record):
    """All agents who get leads, the state of their turns, and the numbers of leads by date of the organization.

    One item, so that one conditional write takes a turn, counts it, and creates the lead.
    """

    KIND: ClassVar[str] = "lead_roster"

    org_id: str
    agents: list[RosterAgent] = Field(default_factory=list)
    rotation: Rotation = Field(default_factory=Rotation)
    days: dict[str, dict[str, int]] = Field(default_factory=dict)
    """The leads of each rule by date: `{"2027-03-03": {"asr_…": 5}}`."""
    due_at: AwareDatetime | None = None
    """When leads that wait should be assigned, because an agent becomes available or a rule was changed."""

    def key(self) -> Key:
        return ROSTER.key(org=self.org_id)

    def indexes(self) -> Mapping[str, Key]:
        if self.due_at is None:
            return {}
        return {"gsi1": ROSTERS_DUE.key(org=self.org_id, hour=sortable_hour(self.due_at), at=sortable(self.due_at))}

    def leads_on(self, day: date, rule_id: str) -> int:
        """The leads that were assigned automatically on a date of the organization."""
        return self.days.get(day.isoformat(), {}).get(rule_id, 0)

    def find_agent(self, agent_id: str) -> RosterAgent | None:
        """The agent with this user id, or None if they have no rule."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def list_availability(self, now: datetime, zone: tzinfo) -> list[AgentAvailability]:
        """What decides whether each agent is available at `now`."""
        today = local_date(now, zone)
        return [
            AgentAvailability(
                rule_id=agent.rule_id,
                name=agent.agent_name,
                is_active=agent.is_active,
                weight=agent.weight,
                max_leads_per_day=agent.max_leads_per_day,
                away_from=agent.away_from,
                away_until=agent.away_until,
                leads_today=self.leads_on(today, agent.rule_id),
            )
            for agent in self.agents
        ]

    def with_lead_of(self, rule_id: str, now: datetime, zone: tzinfo, rotation: Rotation | None = None) -> "Roster":
        """Return the roster after a lead was assigned to an agent."""
        today = local_date(now, zone).isoformat()
        days = {day: numbers for day, numbers in sorted(self.days.items())[-_DAYS_KEPT:] if day != today}
        numbers = self.days.get(today, {})
        days[today] = numbers | {rule_id: numbers.get(rule_id, 0) + 1}
        agents = [
            agent.model_copy(
                update={"total_leads_assigned": agent.total_leads_assigned + 1, "last_assigned_at": now}
                if agent.rule_id == rule_id
                else {}
            )
            for agent in self.agents
        ]
        return self.model_copy(update={"agents": agents, "days": days, "rotation": rotation or self.rotation})


class AssignmentRules(BaseSchema):
    """All assignment rules of an organization, oldest first."""

    items: list[AssignmentRule]
