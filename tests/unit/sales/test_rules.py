"""Rules of leads, and of the availability of agents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachway.core import errors
from coachway.sales.assignment.rules import AgentAvailability, next_available_at, skip_reason
from coachway.sales.leads.rules import TRANSITIONS, LeadStatus, is_repeat, matching_email

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2027, 3, 13, 17, tzinfo=UTC)


def agent(**changes: object) -> AgentAvailability:
    values: dict[str, object] = {
        "rule_id": "asr_1",
        "name": "Sarah",
        "is_active": True,
        "weight": 1,
        "max_leads_per_day": 5,
        "away_from": None,
        "away_until": None,
        "leads_today": 0,
    }
    return AgentAvailability(**{**values, **changes})  # type: ignore[arg-type]


def test_converted_is_final_and_dead_can_only_be_contacted() -> None:
    with pytest.raises(errors.InvalidStatusTransition, match="final"):
        TRANSITIONS.require(LeadStatus.CONVERTED, LeadStatus.DEAD)
    assert [each for each in LeadStatus if TRANSITIONS.allows(LeadStatus.DEAD, each)] == [LeadStatus.CONTACTED]


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        ("Bob+Trip@Wilson.example", "bob@wilson.example"),
        ("bob@wilson.example", "bob@wilson.example"),
        ("+tag@wilson.example", "+tag@wilson.example"),
        ("b.o.b@wilson.example", "b.o.b@wilson.example"),
    ],
)
def test_matching_email_ignores_case_and_tag(typed: str, matched: str) -> None:
    assert matching_email(typed) == matched


@pytest.mark.parametrize(
    ("status", "days", "expected"),
    [(LeadStatus.NEW, 29, True), (LeadStatus.NEW, 30, False), (LeadStatus.DEAD, 1, False)],
)
def test_repeat_is_of_an_open_lead_of_thirty_days(status: LeadStatus, days: int, expected: bool) -> None:
    assert is_repeat(NOON, status, NOON + timedelta(days=days)) is expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"leads_today": 5}, "Skipped Sarah: 5 of 5 today."),
        ({"max_leads_per_day": None, "leads_today": 900}, None),
        ({"is_active": False}, "Skipped Sarah: not active."),
        ({"weight": 0}, "Skipped Sarah: the weight is 0."),
        ({"away_until": NOON + timedelta(hours=1)}, "Skipped Sarah: away until 2027-03-13 13:00."),
        ({"away_from": NOON}, "Skipped Sarah: away."),
        ({"away_from": NOON + timedelta(seconds=1)}, None),
        ({"away_until": NOON}, None),
    ],
)
def test_skip_reason(changes: dict[str, object], reason: str | None) -> None:
    assert skip_reason(agent(**changes), NOON, NEW_YORK) == reason


@pytest.mark.parametrize(
    ("agents", "at"),
    [
        ([agent(leads_today=5)], datetime(2027, 3, 14, 5, tzinfo=UTC)),
        ([agent(is_active=False), agent(weight=0), agent(max_leads_per_day=0), agent(away_from=NOON)], None),
        (
            [agent(leads_today=5), agent(away_until=NOON + timedelta(hours=2))],
            NOON + timedelta(hours=2),
        ),
        (
            [agent(leads_today=5, away_from=NOON + timedelta(hours=1), away_until=NOON + timedelta(days=3))],
            NOON + timedelta(days=3),
        ),
    ],
)
def test_next_available_at(agents: list[AgentAvailability], at: datetime | None) -> None:
    assert next_available_at(agents, NOON, NEW_YORK) == at


def test_next_day_begins_by_the_offset_after_dst() -> None:
    sunday = datetime(2027, 3, 14, 12, tzinfo=UTC)
    assert next_available_at([agent(leads_today=5)], sunday, NEW_YORK) == datetime(2027, 3, 15, 4, tzinfo=UTC)
