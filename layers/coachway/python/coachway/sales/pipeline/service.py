"""The pipeline: counted by a consumer, and read with two calls whatever the number of leads."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer
from coachway.core.event_counters import CounterProjection, Numbers, add_counters
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.leads.rules import OPEN_STATUSES, LeadSource, LeadStatus
from coachway.sales.pipeline import rules
from coachway.sales.pipeline.model import (
    COUNTERS,
    AgentConversion,
    AgentPipeline,
    ConversionFigures,
    LeadCounters,
    Pipeline,
    PipelineQuery,
    SourceConversion,
    StageFigures,
)


def _empty_counters(org_id: str, subject: str) -> LeadCounters:
    return LeadCounters(org_id=org_id, subject=subject)


def _count_event(_org_id: str, event_type: str, data: Mapping[str, Any]) -> Mapping[str, Numbers]:
    return rules.count_event(event_type, data)


PROJECTION: Final = CounterProjection("lead-counters", empty=_empty_counters, increments=_count_event)
CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(rules.COUNTERS, PROJECTION.consume)
"""Consumers by event type; the template is generated from them."""


def get_pipeline(caller: Caller, query: PipelineQuery) -> Pipeline:
    """Get the leads by status, agent and age, and their conversion. Two calls."""
    now = clock.now()
    days = [rules.day_subject(day) for day in rules.list_recent_days(now)]
    months = _list_months(now.date(), query.months)
    subjects = [rules.ALL_LEADS, *days, *(rules.month_subject(month) for month in months)]
    keys = {subject: COUNTERS.key(org=caller.org_id, subject=subject) for subject in subjects}
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    records = store.batch_get([organization_key, *keys.values()])
    stored = {subject: records.find(LeadCounters, key) for subject, key in keys.items()}
    numbers = {subject: record.numbers if record else {} for subject, record in stored.items()}
    agents = query_all(LeadCounters, COUNTERS.partition(org=caller.org_id), prefix="agent:")
    captured: Numbers = {}
    for month in months:
        captured = add_counters(captured, numbers[rules.month_subject(month)])
    return Pipeline(
        stages=_build_stages(numbers[rules.ALL_LEADS], [numbers[day] for day in days]),
        agents=[_build_agent(each) for each in agents],
        since=months[-1],
        total=_build_total(captured),
        by_source=_list_sources(captured),
        by_agent=_list_agents(captured),
        currency=records.get(Organization, organization_key).currency,
    )


def rebuild_pipeline(org_id: str) -> int:
    """Count all events of an organization's leads again; return the number of counter records. Raises Conflict."""
    return PROJECTION.rebuild(org_id)


def _list_months(today: date, count: int) -> list[date]:
    """The first days of the latest months, newest first."""
    months = [today.replace(day=1)]
    while len(months) < count:
        previous = months[-1]
        months.append(
            date(previous.year - 1, 12, 1) if previous.month == 1 else previous.replace(month=previous.month - 1)
        )
    return months


def _build_stages(total: Numbers, by_age: Sequence[Numbers]) -> list[StageFigures]:
    groups = rules.group_ages(total, list(by_age))
    names = ("days_0_to_2", "days_3_to_7", "days_8_to_14", "days_15_or_more")
    return [
        StageFigures(
            status=status.value,
            count=total.get(status.value, 0),
            **{name: group.get(status.value, 0) for name, group in zip(names, groups, strict=True)},
        )
        for status in LeadStatus
    ]


def _build_agent(counters: LeadCounters) -> AgentPipeline:
    agent_id = counters.subject.partition(":")[2]
    by_status = {status.value: counters.numbers.get(status.value, 0) for status in LeadStatus}
    return AgentPipeline(
        agent_id=None if agent_id == rules.NO_AGENT else agent_id,
        open=sum(by_status[status.value] for status in OPEN_STATUSES),
        by_status=by_status,
        converted_value=counters.numbers.get("converted_cents", 0),
    )


def _build_total(captured: Numbers) -> ConversionFigures:
    sources = _list_sources(captured)
    minutes = sum(captured.get(f"minutes:source:{each.source}", 0) for each in sources)
    return _build_figures(
        sum(each.leads for each in sources),
        sum(each.converted for each in sources),
        minutes,
        sum(each.value for each in sources),
    )


def _list_sources(captured: Numbers) -> list[SourceConversion]:
    return [
        SourceConversion(
            source=source.value,
            **_build_named(
                captured.get(f"captured:{source.value}", 0), captured, f"source:{source.value}"
            ).model_dump(),
        )
        for source in LeadSource
    ]


def _list_agents(captured: Numbers) -> list[AgentConversion]:
    agents = sorted(name.partition(":")[2] for name in captured if name.startswith("assigned:"))
    return [
        AgentConversion(
            agent_id=agent, **_build_named(captured.get(f"assigned:{agent}", 0), captured, agent).model_dump()
        )
        for agent in agents
    ]


def _build_named(leads: int, captured: Numbers, name: str) -> ConversionFigures:
    return _build_figures(
        leads,
        captured.get(f"converted:{name}", 0),
        captured.get(f"minutes:{name}", 0),
        captured.get(f"cents:{name}", 0),
    )


def _build_figures(leads: int, converted: int, minutes: int, value: int) -> ConversionFigures:
    return ConversionFigures(
        leads=leads,
        converted=converted,
        rate=rules.calculate_rate(converted, leads),
        average_hours=round(minutes / converted / 60, 1) if converted else None,
        value=value,
    )
