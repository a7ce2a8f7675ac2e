"""Leads that wait for an agent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coachway.contracts.identity import UserUpdated
from coachway.contracts.sales import AssignmentRuleUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from coachway.sales.assignment import consumers
from coachway.sales.leads import waiting
from tests.integration.sales.builders import CALLER, ORG, capture_lead, create_agent, deliver, list_ids, send


def list_agents() -> list[str | None]:
    return [each["assigned_to_agent_id"] for each in send("GET", "/leads").json()["items"]]


def test_waiting_leads_are_assigned_when_a_rule_is_changed() -> None:
    rule = create_agent("Sarah", is_active=False, max_leads_per_day=2)
    leads = [capture_lead()["id"] for _ in range(3)]
    send("PUT", f"/assignment-rules/{rule['id']}", {"is_active": True})
    event = deliver(AssignmentRuleUpdated(rule_id=rule["id"], agent_id=rule["agent_id"]))
    for _ in range(2):
        waiting.on_rule_changed(CALLER, event)
    assert list_agents() == [None, rule["agent_id"], rule["agent_id"]]
    assert list_ids("/leads", unassigned="true") == [leads[2]]
    assert send("GET", f"/assignment-rules/{rule['id']}").json()["total_leads_assigned"] == 2


def test_timer_assigns_waiting_leads_after_the_absence() -> None:
    now = datetime(2027, 3, 3, 15, tzinfo=UTC)
    with clock.frozen(now):
        rule = create_agent("Sarah", away_until=(now + timedelta(hours=3)).isoformat())
        waiting.run()
        capture_lead()
    with clock.frozen(now + timedelta(hours=2, minutes=59)):
        assert waiting.run().assigned == 0
    with clock.frozen(now + timedelta(hours=3)):
        assert waiting.run().assigned == 1
        assert list_agents() == [rule["agent_id"]]
        assert waiting.run().assigned == 0


def test_timer_assigns_waiting_leads_on_the_next_local_day() -> None:
    evening = datetime(2027, 11, 7, 20, tzinfo=UTC)  # the day on which DST ends in New York
    with clock.frozen(evening):
        create_agent("Sarah", max_leads_per_day=1)
        waiting.run()
        for _ in range(3):
            capture_lead()
    with clock.frozen(datetime(2027, 11, 8, 4, 59, tzinfo=UTC)):
        assert waiting.run().assigned == 0
    with clock.frozen(datetime(2027, 11, 8, 5, tzinfo=UTC)):
        assert waiting.run().assigned == 1
    with clock.frozen(datetime(2027, 11, 9, 5, tzinfo=UTC)):
        assert waiting.run().assigned == 1
    assert None not in list_agents()


def test_more_waiting_leads_than_one_run_assigns_are_assigned_by_the_next() -> None:
    rule = create_agent("Sarah", is_active=False)
    for _ in range(waiting.MAX_LEADS + 1):
        capture_lead()
    send("PUT", f"/assignment-rules/{rule['id']}", {"is_active": True})
    assert waiting.run().assigned == waiting.MAX_LEADS
    assert waiting.run().assigned == 1
    assert waiting.run().assigned == 0


def test_agent_who_is_disabled_gets_no_more_leads() -> None:
    sarah, tom = create_agent("Sarah"), create_agent("Tom")
    user = store.get(User, USERS.key(org=ORG, id=sarah["agent_id"]))
    disabled = user.model_copy(update={"status": "disabled"})
    event = UserUpdated(user_id=user.id)
    store.commit(Caller.system("tests", ORG), Update(user, disabled, [event]))
    for _ in range(2):
        consumers.on_user_changed(CALLER, deliver(event))
    assert send("GET", f"/assignment-rules/{sarah['id']}").json()["is_active"] is False
    assert {capture_lead()["assigned_to_agent_id"] for _ in range(3)} == {tom["agent_id"]}
