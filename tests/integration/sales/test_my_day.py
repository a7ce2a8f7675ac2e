"""The day of an agent: leads whose follow-up is due by the end of the organization's local day."""

from __future__ import annotations

from datetime import UTC, datetime

from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from tests.integration.client import token_for
from tests.integration.sales.builders import OTHER_ORG, capture_lead, create_user, send

BEFORE_DST = datetime(2027, 3, 14, 15, tzinfo=UTC)
"""11:00 in New York, where this day has 23 hours and ends at 04:00 UTC."""


def plan(agent_id: str, at: str) -> str:
    """Capture a lead of an agent with a follow-up; return its id."""
    lead = capture_lead(assigned_to_agent_id=agent_id)
    assert send("PUT", f"/leads/{lead['id']}", {"status": "contacted", "next_follow_up_at": at}).status == 200
    return str(lead["id"])


def test_day_has_own_open_leads_due_by_its_local_end_oldest_first() -> None:
    sarah, tom = create_user("Sarah"), create_user("Tom")
    token = token_for("sales:read", user_id=sarah)
    with clock.frozen(BEFORE_DST):
        late = plan(sarah, "2027-03-15T03:59:59Z")
        overdue = plan(sarah, "2027-03-01T10:00:00Z")
        plan(sarah, "2027-03-15T04:00:00.001Z")
        plan(tom, "2027-03-14T10:00:00Z")
        lost = plan(sarah, "2027-03-14T10:00:00Z")
        send("PUT", f"/leads/{lost}", {"status": "dead", "lost_reason": "price"})
        before = call_stats.calls
        day = send("GET", "/my-day", token=token).json()
        assert call_stats.calls - before == 3
    assert (day["date"], day["has_more"]) == ("2027-03-14", False)
    assert [each["id"] for each in day["leads_to_call"]] == [overdue, late]


def test_day_of_a_user_without_leads_is_empty() -> None:
    plan(create_user(), "2027-03-01T10:00:00Z")
    for token in (token_for("sales:read"), token_for("sales:read", org_id=OTHER_ORG)):
        assert send("GET", "/my-day", token=token).json()["leads_to_call"] == []
