"""The sales team of a scenario, and its leads in every stage."""

from __future__ import annotations

from datetime import date, timedelta

from infra.local.demo.lead_scenario import LeadPlan
from infra.local.demo.scenario import Json, Scenario
from infra.local.demo.users import UserClients


def load_leads(scenario: Scenario, clients: UserClients, today: date) -> int:
    """Add the assignment rules and leads that are missing; returns how many leads were added."""
    if not scenario.leads:
        return 0
    manager = clients.client("manager")
    users = {user["email"]: user for user in clients.client("admin").list_all("/users")}
    agents = {rule["agent_id"] for rule in manager.get("/sales/assignment-rules")["items"]}
    for agent in scenario.agents:
        user = users[agent.email]
        if user["id"] not in agents:
            name = f"{user['first_name']} {user['last_name']}"
            body = {"agent_id": user["id"], "agent_name": name, **agent.rule}
            manager.post("/sales/assignment-rules", body, agent.email)
    existing = {lead["email"] for lead in manager.list_all("/sales/leads")}
    missing = [plan for plan in scenario.leads if plan.body["email"] not in existing]
    for plan in missing:
        _load_lead(clients, plan, today)
    return len(missing)


def _load_lead(clients: UserClients, plan: LeadPlan, today: date) -> None:
    staff = clients.client("staff")
    trip_date = {"estimated_trip_date": (today + timedelta(days=plan.days)).isoformat()} if plan.days else {}
    lead: Json = staff.post("/sales/leads", {**plan.body, **trip_date}, plan.body["email"])
    path = f"/sales/leads/{lead['id']}"
    for details in plan.calls:
        staff.post(f"{path}/activities", {"activity_type": "call", "details": details}, f"{lead['id']}/{details}")
    for stage in plan.stages:
        reason = {"lost_reason": plan.lost_reason} if stage == "dead" else {}
        staff.put(path, {"status": stage, **reason})
