"""Which agents are available for a new lead, and why the others are not. Pure: no clock, no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from coachway.core.types.time_zones import resolve_local_time


@dataclass(frozen=True, slots=True)
class AgentAvailability:
    """What decides whether an agent gets new leads. `rule_id` is the id of their assignment rule."""

    rule_id: str
    name: str
    is_active: bool
    weight: int
    max_leads_per_day: int | None
    away_from: datetime | None
    away_until: datetime | None
    leads_today: int = 0

    def is_away(self, now: datetime) -> bool:
        """Whether the agent is away at `now`. Without a start, the absence has begun; without an end, it goes on."""
        if self.away_from is None and self.away_until is None:
            return False
        has_begun = self.away_from is None or self.away_from <= now
        return has_begun and (self.away_until is None or now < self.away_until)

    @property
    def has_reached_limit(self) -> bool:
        """Whether the agent has as many leads today as they take in a day."""
        return self.max_leads_per_day is not None and self.leads_today >= self.max_leads_per_day


class Skipped(NamedTuple):
    """An agent who is not available, and a sentence that says why."""

    rule_id: str
    reason: str


def skip_reason(agent: AgentAvailability, now: datetime, zone: tzinfo) -> str | None:
    """Return why an agent gets no lead at `now`, as a sentence; None if they are available."""
    if not agent.is_active:
        return f"Skipped {agent.name}: not active."
    if agent.weight == 0:
        return f"Skipped {agent.name}: the weight is 0."
    if agent.is_away(now):
        if agent.away_until is None:
            return f"Skipped {agent.name}: away."
        return f"Skipped {agent.name}: away until {agent.away_until.astimezone(zone):%Y-%m-%d %H:%M}."
    if agent.has_reached_limit:
        return f"Skipped {agent.name}: {agent.leads_today} of {agent.max_leads_per_day} today."
    return None


def split_by_availability(
    agents: Iterable[AgentAvailability], now: datetime, zone: tzinfo
) -> tuple[Mapping[str, int], Sequence[Skipped]]:
    """Return the weights of the available agents by rule, and the agents that are skipped."""
    weights: dict[str, int] = {}
    skipped: list[Skipped] = []
    for agent in agents:
        reason = skip_reason(agent, now, zone)
        if reason is None:
            weights[agent.rule_id] = agent.weight
        else:
            skipped.append(Skipped(agent.rule_id, reason))
    return weights, skipped


def next_available_at(agents: Iterable[AgentAvailability], now: datetime, zone: tzinfo) -> datetime | None:
    """Return when the first of the agents, of whom none is available, becomes available; None if nobody does by time.

    An absence ends, or a new day begins for the organization.
    """
    times = [_available_at(agent, now, zone) for agent in agents]
    return min((each for each in times if each is not None), default=None)


def _available_at(agent: AgentAvailability, now: datetime, zone: tzinfo) -> datetime | None:
    if not agent.is_active or agent.weight == 0 or agent.max_leads_per_day == 0:
        return None
    if agent.is_away(now):
        return agent.away_until
    at = start_of_next_day(now, zone)
    return agent.away_until if agent.is_away(at) else at


def start_of_next_day(now: datetime, zone: tzinfo) -> datetime:
    """Return the first moment of the next day in a time zone."""
    tomorrow = local_date(now, zone) + timedelta(days=1)
    return resolve_local_time(datetime(tomorrow.year, tomorrow.month, tomorrow.day), zone)  # noqa: DTZ001 - local


def local_date(now: datetime, zone: tzinfo) -> date:
    """Return the date in a time zone."""
    return now.astimezone(zone).date()
