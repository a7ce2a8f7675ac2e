"""The assignment of leads: turns, limits, absences, and many leads at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.client import token_for
from tests.integration.sales.builders import BOB, OTHER_ORG, capture_lead, create_agent, create_user, send


def list_rules() -> dict[str, dict[str, object]]:
    return {each["agent_name"]: each for each in send("GET", "/assignment-rules").json()["items"]}


def test_leads_are_shared_by_weight() -> None:
    sarah, tom = create_agent("Sarah", weight=2), create_agent("Tom", weight=1)
    agents = Counter(capture_lead()["assigned_to_agent_id"] for _ in range(6))
    assert agents == {sarah["agent_id"]: 4, tom["agent_id"]: 2}
    rules = list_rules()
    assert [
        (rules[name]["total_leads_assigned"], rules[name]["leads_assigned_today"]) for name in ("Sarah", "Tom")
    ] == [
        (4, 4),
        (2, 2),
    ]


def test_agent_at_daily_limit_is_skipped_until_the_local_day_ends() -> None:
    sarah, tom = create_agent("Sarah", max_leads_per_day=1), create_agent("Tom", max_leads_per_day=2)
    evening = datetime(2027, 3, 14, 3, 30, tzinfo=UTC)  # 22:30 on March 13 in New York; DST begins in the night
    with clock.frozen(evening):
        leads = [capture_lead() for _ in range(4)]
    assert Counter(each["assigned_to_agent_id"] for each in leads) == {
        sarah["agent_id"]: 1,
        tom["agent_id"]: 2,
        None: 1,
    }
    assert leads[3]["assignment_explanation"] == [
        "Skipped Sarah: 1 of 1 today.",
        "Skipped Tom: 2 of 2 today.",
        "Unassigned: no agent is available.",
    ]
    with clock.frozen(evening + timedelta(minutes=89)):
        assert capture_lead()["assigned_to_agent_id"] is None
    with clock.frozen(evening + timedelta(minutes=90)):
        assert capture_lead()["assigned_to_agent_id"] is not None


def test_agents_who_are_away_inactive_or_without_weight_get_no_leads() -> None:
    now = clock.now()
    create_agent("Away", away_until=(now + timedelta(days=1)).isoformat())
    create_agent("Inactive", is_active=False)
    create_agent("Weightless", weight=0)
    back = create_agent("Back", away_from=(now - timedelta(days=2)).isoformat(), away_until=now.isoformat())
    lead = capture_lead()
    assert lead["assigned_to_agent_id"] == back["agent_id"]
    assert [each.split(":")[0] for each in lead["assignment_explanation"]] == [
        "Skipped Away",
        "Skipped Inactive",
        "Skipped Weightless",
        "Assigned to Back",
    ]


def test_fifty_leads_at_once_each_have_one_agent_and_counts_agree() -> None:
    rules = [create_agent(name, weight=weight) for name, weight in (("Sarah", 5), ("Tom", 3), ("Uma", 2))]
    with ThreadPoolExecutor(16) as pool:
        leads = list(pool.map(lambda _: capture_lead(), range(50)))
    agents = Counter(each["assigned_to_agent_id"] for each in leads)
    assert agents == {rules[0]["agent_id"]: 25, rules[1]["agent_id"]: 15, rules[2]["agent_id"]: 10}
    assert sum(int(str(each["total_leads_assigned"])) for each in list_rules().values()) == 50


def test_same_person_at_once_makes_one_lead() -> None:
    create_agent()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: send("POST", "/leads", BOB), range(8)))
    assert sorted(each.status for each in replies) == [200] * 7 + [201]
    assert len({each.json()["id"] for each in replies}) == 1
    assert [each["total_leads_assigned"] for each in list_rules().values()] == [1]
    activities = send("GET", f"/leads/{replies[0].json()['id']}/activities").json()["items"]
    assert len(activities) == 7


def test_update_of_rule_changes_who_gets_leads() -> None:
    sarah, tom = create_agent("Sarah"), create_agent("Tom")
    reply = send("PUT", f"/assignment-rules/{sarah['id']}", {"weight": 0})
    assert (reply.status, reply.json()["weight"]) == (200, 0)
    assert {capture_lead()["assigned_to_agent_id"] for _ in range(3)} == {tom["agent_id"]}
    assert send("GET", f"/assignment-rules/{tom['id']}").json()["total_leads_assigned"] == 3


def test_second_rule_of_an_agent_is_refused() -> None:
    rule = create_agent("Sarah")
    again = send("POST", "/assignment-rules", {"agent_id": rule["agent_id"], "agent_name": "Sarah"})
    assert (again.status, again.json()["code"]) == (409, "already_exists")


def test_rule_needs_a_user_of_the_organization() -> None:
    unknown = send("POST", "/assignment-rules", {"agent_id": ids.new("usr"), "agent_name": "X"})
    outsider = create_user("Eve", role="driver")
    refused = send("POST", "/assignment-rules", {"agent_id": outsider, "agent_name": "Eve"})
    assert (unknown.status, refused.status, refused.json()["code"]) == (404, 409, "user_not_staff")


def test_rule_of_another_organization_is_not_found() -> None:
    rule = create_agent("Sarah")
    other = token_for("sales:read sales:assign", org_id=OTHER_ORG)
    assert send("GET", f"/assignment-rules/{rule['id']}", token=other).status == 404
    assert send("PUT", f"/assignment-rules/{rule['id']}", {"weight": 3}, token=other).status == 404
    assert send("GET", "/assignment-rules", token=other).json() == {"items": []}
