"""The counters of leads, and the figures that the API returns."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from coachway.core.event_counters import CounterRecord
from coachway.core.persistence.records import AccessPattern, Key
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.money import ApiAmount

COUNTERS = AccessPattern(
    "the counters of an organization's leads: of all, an agent, a day or a month",
    pk="ORG#{org}#LEAD-COUNTERS",
    sk="{subject}",
)


class LeadCounters(CounterRecord):
    """Counters of leads of one subject."""

    KIND: ClassVar[str] = "lead_counters"

    subject: str

    def key(self) -> Key:
        return COUNTERS.key(org=self.org_id, subject=self.subject)


class PipelineQuery(RequestSchema):
    """The months whose conversion is counted."""

    months: Annotated[
        int, Field(ge=1, le=12, description="Leads captured in this month and in as many before it as this says.")
    ] = 3


class StageFigures(BaseSchema):
    """The leads in one status. The ages of open leads are the days since they reached it, in UTC."""

    status: str
    count: int
    days_0_to_2: int = 0
    days_3_to_7: int = 0
    days_8_to_14: int = 0
    days_15_or_more: int = 0


class AgentPipeline(BaseSchema):
    """The leads of an agent by status; `agent_id` is null for leads without an agent."""

    agent_id: str | None
    open: int
    by_status: dict[str, int]
    converted_value: ApiAmount


class ConversionFigures(BaseSchema):
    """How many of the captured leads are converted.

    `rate` and `average_hours` are null if there are no leads to calculate them from. `value` is the price that the
    charters had when the leads were converted.
    """

    leads: int
    converted: int
    rate: float | None
    average_hours: float | None
    value: ApiAmount


class SourceConversion(ConversionFigures):
    """The conversion of leads of a source."""

    source: str


class AgentConversion(ConversionFigures):
    """The conversion of the leads of an agent."""

    agent_id: str


class Pipeline(BaseSchema):
    """Leads by status and agent, and the conversion of those that were captured since the first day of `since`.

    Changes are counted within seconds.
    """

    stages: list[StageFigures]
    agents: list[AgentPipeline]
    since: date
    total: ConversionFigures
    by_source: list[SourceConversion]
    by_agent: list[AgentConversion]
    currency: str
