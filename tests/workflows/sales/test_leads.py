"""Leads on the deployed stack: many at once, and the mails about them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests import dates
from tests.stack import Stack, eventually
from tests.workflows.invoice_builders import create_completed_charter
from tests.workflows.organization_builders import PASSWORD, Operator, count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("operator")

REQUESTS, PEOPLE = 50, 40


def create_agent(operator: Operator, name: str, **rule: object) -> str:
    """Create a user who gets leads; return their id."""
    person = {"email": f"{name.lower()}@{operator.slug}.example", "first_name": name, "last_name": "Sales"}
    user = operator.call("POST", "/users", {**person, "role": "staff", "password": PASSWORD})
    operator.call("POST", "/sales/assignment-rules", {"agent_id": user["id"], "agent_name": name, **rule})
    return str(user["id"])


def test_fifty_leads_at_once_each_get_one_agent_who_is_told(stack: Stack) -> None:
    operator = Operator.create(stack)
    sarah = create_agent(operator, "Sarah", weight=3)
    tom = create_agent(operator, "Tom", weight=2, max_leads_per_day=10)

    def capture(number: int) -> httpx.Response:
        person = {"first_name": f"Person {number}", "email": f"p{number % PEOPLE}@{operator.slug}.example"}
        return operator.send("POST", "/sales/leads", {**person, "source": "phone"})

    answers = run_concurrently(REQUESTS, capture)
    assert count_statuses(answers) == {201: PEOPLE, 200: REQUESTS - PEOPLE}
    leads = operator.list_all("/sales/leads")
    agents = Counter(lead["assigned_to_agent_id"] for lead in leads)
    assert (len(leads), agents[sarah], agents[tom]) == (PEOPLE, PEOPLE - 10, 10)
    rules = {rule["agent_id"]: rule for rule in operator.call("GET", "/sales/assignment-rules")["items"]}
    assert {agent: rule["total_leads_assigned"] for agent, rule in rules.items()} == agents
    assert rules[tom]["leads_assigned_today"] == 10
    stack.wait_for_mail(f"tom@{operator.slug}.example", "^New lead$")
    eventually(
        lambda: len(stack.mails(f"tom@{operator.slug}.example")) == 10, 90, "an agent was not told of each lead once"
    )


def test_lead_nobody_can_take_is_told_and_assigned_when_a_rule_allows(stack: Stack) -> None:
    operator = Operator.create(stack)
    agent = create_agent(operator, "Uma", weight=0)
    trip = {"estimated_trip_date": f"{dates.TRIP_DAY}", "pickup_location": "11 Wall St, New York, NY"}
    body = {"first_name": "Bob", "email": f"bob@{operator.slug}.example", **trip}
    lead = operator.call("POST", "/sales/leads", body)
    assert lead["assignment_explanation"][0] == "Skipped Uma: the weight is 0."
    stack.wait_for_mail(operator.admin_email, "^A lead waits for an agent")
    [rule] = operator.call("GET", "/sales/assignment-rules")["items"]
    operator.call("PUT", f"/sales/assignment-rules/{rule['id']}", {"weight": 1})
    path = f"/sales/leads/{lead['id']}"
    eventually(
        lambda: operator.call("GET", path)["assigned_to_agent_id"] == agent, 90, "the waiting lead was not assigned"
    )
    stack.wait_for_mail(f"uma@{operator.slug}.example", "^New lead on ")

    def is_fleet_checked() -> bool:
        reasons = {part["topic"]: part["reason"] for part in operator.call("GET", path)["score_reasons"]}
        return bool(reasons["fleet"] == "No vehicle is free on that date.")

    eventually(is_fleet_checked, 90, "the score was not completed")


def test_request_from_the_website_becomes_a_booking_and_counts_as_conversion(stack: Stack) -> None:
    operator = Operator.create(stack)
    agent = create_agent(operator, "Vic")
    request = {
        "first_name": "Dana",
        "last_name": "Lee",
        "email": f"dana@{operator.slug}.example",
        "estimated_passengers": 40,
        "estimated_trip_date": f"{dates.TRIP_DAY}",
        "pickup_location": "11 Wall St, New York, NY 10005",
        "dropoff_location": "1901 Boardwalk, Atlantic City, NJ 08401",
        "consent_text": "You may call me.",
    }
    assert operator.http.post(f"{stack.api_url}/public/leads/{operator.slug}", json=request).status_code == 201
    [lead] = operator.call("GET", "/sales/leads?q=dana")["items"]
    path = f"/sales/leads/{lead['id']}"
    assert (lead["assigned_to_agent_id"], lead["source"], lead["consent_text"]) == (agent, "web", "You may call me.")
    operator.call("POST", f"{path}/activities", {"activity_type": "call", "details": "Wants a quote"})
    for status in ("contacted", "qualified"):
        operator.call("PUT", path, {"status": status})

    trip = {"client": {"payment_terms": "net_30"}, "charter": {"vehicle_class": "coach", "pickup_time": "09:00"}}
    answers = run_concurrently(4, lambda _: operator.send("POST", f"{path}/convert", trip))
    assert count_statuses(answers) == {200: 4}
    charter_id = answers[0].json()["charter_id"]
    assert {answer.json()["charter_id"] for answer in answers} == {charter_id}
    quote = operator.call("POST", f"/charters/{charter_id}/send-quote", {"expires_in_hours": 72})
    assert operator.accept_quote(quote["token"]).json()["status"] == "booked"
    stack.wait_for_mail(f"vic@{operator.slug}.example", "accepted")
    price = operator.call("GET", f"/charters/{charter_id}")["quote"]["total"]

    def is_counted() -> bool:
        pipeline = operator.call("GET", "/sales/leads/pipeline")
        stages = {stage["status"]: stage["count"] for stage in pipeline["stages"] if stage["count"]}
        [by_source] = [each for each in pipeline["by_source"] if each["source"] == "web"]
        [by_agent] = [each for each in pipeline["by_agent"] if each["agent_id"] == agent]
        figures = {(each["leads"], each["converted"], each["rate"], each["value"]) for each in (by_source, by_agent)}
        return stages == {"converted": 1} and figures == {(1, 1, 1.0, price)}

    eventually(is_counted, 90, "the conversion was not counted")


def test_trip_of_last_year_becomes_a_lead_once(stack: Stack) -> None:
    operator = Operator.create(stack)
    agent = create_agent(operator, "Zoe")
    # 11 months after the trip was five to ten days ago.
    charter = create_completed_charter(operator, f"{operator.today() - timedelta(days=343)}")

    def run_timer(_: int = 0) -> None:
        response = stack.client("lambda").invoke(FunctionName=stack.function("sales-schedule"), Payload=b"{}")
        assert "FunctionError" not in response, response["Payload"].read()

    def list_leads() -> list[dict[str, Any]]:
        return [lead for lead in operator.list_all("/sales/leads") if lead["source"] == "annual_requote"]

    def find_lead() -> dict[str, Any] | None:
        run_concurrently(2, run_timer)
        return next(iter(list_leads()), None)

    lead = eventually(find_lead, 90, "the trip did not become a lead", 1)
    assert (lead["previous_charter_id"], lead["assigned_to_agent_id"]) == (charter["id"], agent)
    run_timer()
    assert len(list_leads()) == 1
