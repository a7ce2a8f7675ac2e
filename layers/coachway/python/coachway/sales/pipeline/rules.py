"""What each event of a lead adds to the counters of the pipeline. Pure: a consumer and a rebuild use it.

The counters of an organization are in one record for all leads and in one for each agent (leads by status), each day
(leads that are in a status since that day), and each month (captured and converted leads of the month of capture).
Days and months are in UTC.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from coachway.contracts.sales import (
    LeadAssigned,
    LeadCaptured,
    LeadConverted,
    LeadsMerged,
    LeadStatusChanged,
    LeadUnassigned,
)
from coachway.core.event_counters import Numbers
from coachway.core.types import ids
from coachway.sales.leads.rules import OPEN_STATUSES

Increments = dict[str, dict[str, int]]
"""What to add to the counters, by subject and name."""

ALL_LEADS: Final = "all"
NO_AGENT: Final = "none"
AGE_LIMITS: Final = (3, 8, 15)
"""The first day of each age group but the first: 0 to 2, 3 to 7, 8 to 14, and 15 days or more."""


def agent_subject(agent_id: str | None) -> str:
    """The subject of an agent's counters, or of the leads without an agent."""
    return f"agent:{agent_id or NO_AGENT}"


def day_subject(day: date) -> str:
    """The subject of the leads that are in their status since a day."""
    return f"day:{day:%Y-%m-%d}"


def month_subject(month: date) -> str:
    """The subject of the leads that were captured in a month."""
    return f"month:{month:%Y-%m}"


def count_event(event_type: str, data: Mapping[str, Any]) -> Increments:
    """Return what an event adds to the counters, by subject."""
    result = COUNTERS[event_type](data) if event_type in COUNTERS else {}
    nonzero = {
        subject: {name: number for name, number in numbers.items() if number} for subject, numbers in result.items()
    }
    return {subject: numbers for subject, numbers in nonzero.items() if numbers}


def _count_captured(data: Mapping[str, Any]) -> Increments:
    event = LeadCaptured.from_data(data)
    captured_at = ids.get_created_at(event.lead_id)
    return {
        ALL_LEADS: {event.status: 1},
        agent_subject(None): {event.status: 1},
        day_subject(captured_at): {event.status: 1},
        month_subject(captured_at): {f"captured:{event.source}": 1},
    }


def _count_status(data: Mapping[str, Any]) -> Increments:
    event = LeadStatusChanged.from_data(data)
    entered_at = event.changed_at or event.captured_at
    left_at = event.previous_since or event.captured_at
    result: Increments = {
        ALL_LEADS: {event.old_status: -1, event.new_status: 1},
        agent_subject(event.assigned_to_agent_id): {event.old_status: -1, event.new_status: 1},
    }
    _add(result, day_subject(left_at), event.old_status, -1)
    _add(result, day_subject(entered_at), event.new_status, 1)
    return result


def _count_assigned(data: Mapping[str, Any]) -> Increments:
    event = LeadAssigned.from_data(data)
    return _move(event.lead_id, event.status, event.previous_agent_id, event.assigned_to_agent_id)


def _count_unassigned(data: Mapping[str, Any]) -> Increments:
    event = LeadUnassigned.from_data(data)
    return _move(event.lead_id, event.status, event.previous_agent_id, None)


def _move(lead_id: str, status: str, previous_id: str | None, agent_id: str | None) -> Increments:
    result: Increments = {}
    month = month_subject(ids.get_created_at(lead_id))
    for subject_id, number in ((previous_id, -1), (agent_id, 1)):
        _add(result, agent_subject(subject_id), status, number)
        if subject_id is not None:
            _add(result, month, f"assigned:{subject_id}", number)
    return result


def _count_merged(data: Mapping[str, Any]) -> Increments:
    event = LeadsMerged.from_data(data)
    captured_at = ids.get_created_at(event.lead_id)
    result: Increments = {
        ALL_LEADS: {event.status: -1},
        agent_subject(event.assigned_to_agent_id): {event.status: -1},
        day_subject(event.status_since or captured_at): {event.status: -1},
        month_subject(captured_at): {f"captured:{event.source}": -1},
    }
    if event.assigned_to_agent_id is not None:
        _add(result, month_subject(captured_at), f"assigned:{event.assigned_to_agent_id}", -1)
    return result


def _count_converted(data: Mapping[str, Any]) -> Increments:
    event = LeadConverted.from_data(data)
    minutes = max(0, round((event.converted_at - event.captured_at) / timedelta(minutes=1)))
    month = month_subject(event.captured_at)
    names = [f"source:{event.source}", *([event.assigned_to_agent_id] if event.assigned_to_agent_id else [])]
    result: Increments = {ALL_LEADS: {"converted_cents": event.quoted_total}}
    for name in names:
        result.setdefault(month, {}).update(
            {f"converted:{name}": 1, f"minutes:{name}": minutes, f"cents:{name}": event.quoted_total}
        )
    result[agent_subject(event.assigned_to_agent_id)] = {"converted_cents": event.quoted_total}
    return result


def _add(result: Increments, subject: str, name: str, number: int) -> None:
    numbers = result.setdefault(subject, {})
    numbers[name] = numbers.get(name, 0) + number


COUNTERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Increments]]] = {
    LeadCaptured.TYPE: _count_captured,
    LeadStatusChanged.TYPE: _count_status,
    LeadAssigned.TYPE: _count_assigned,
    LeadUnassigned.TYPE: _count_unassigned,
    LeadsMerged.TYPE: _count_merged,
    LeadConverted.TYPE: _count_converted,
}
"""By event type."""


def list_recent_days(now: datetime) -> list[date]:
    """The days of the age groups that end, from today on."""
    return [now.date() - timedelta(days=age) for age in range(AGE_LIMITS[-1])]


def group_ages(total: Numbers, by_age: list[Numbers]) -> list[dict[str, int]]:
    """Return the open leads of each age group by status. `by_age` has those of each age in days, from 0 on.

    The last group has all others of `total`.
    """
    statuses = sorted(status.value for status in OPEN_STATUSES)
    starts = (0, *AGE_LIMITS[:-1])
    groups = [
        {status: sum(numbers.get(status, 0) for numbers in by_age[start:end]) for status in statuses}
        for start, end in zip(starts, AGE_LIMITS, strict=True)
    ]
    older = {status: total.get(status, 0) - sum(group[status] for group in groups) for status in statuses}
    return [*groups, older]


def calculate_rate(converted: int, total: int) -> float | None:
    """The share of converted leads, rounded to four digits; None if there are no leads."""
    return round(converted / total, 4) if total > 0 else None
