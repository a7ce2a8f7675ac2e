"""The proposals of a scenario, each with the quotes among which the client chooses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from infra.local.demo.scenario import Scenario
from infra.local.demo.users import UserClients


def load_proposals(scenario: Scenario, clients: UserClients, client_ids: Mapping[str, str]) -> int:
    """Send the proposals that are missing; returns how many were sent."""
    if not scenario.proposals:
        return 0
    staff, now = clients.client("staff"), datetime.now(ZoneInfo(scenario.zone))
    existing = {proposal["title"] for proposal in staff.list_all("/sales/proposals")}
    missing = [plan for plan in scenario.proposals if plan.title not in existing]
    for plan in missing:
        items = []
        for label, trip in plan.options.items():
            charter = staff.post("/charters", trip.charter_body(now, scenario.zone, client_ids), trip.notes)
            items.append({"charter_id": charter["id"], "label": label})
        body = {
            "client_id": client_ids[plan.client],
            "title": plan.title,
            "text": plan.text,
            "choice": "one",
            "valid_until": (now + timedelta(days=plan.days_valid)).isoformat(timespec="seconds"),
            "items": items,
        }
        proposal = staff.post("/sales/proposals", body, plan.title)
        staff.post(f"/sales/proposals/{proposal['id']}/send", {}, plan.title)
    return len(missing)
