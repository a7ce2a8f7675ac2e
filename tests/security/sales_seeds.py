"""Seeds of leads, assignment rules and proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.security import booking_seeds
from tests.security.unique_values import in_days

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def capture_lead(seeds: Seeds) -> str:
    body = {"first_name": f"Bob {seeds.tenant.marker}", "email": seeds.tenant.new_email("lead"), "source": "phone"}
    return str(seeds.create("/sales/leads", body)["id"])


def create_assignment_rule(seeds: Seeds) -> str:
    body = {"agent_id": seeds["user_id"], "agent_name": f"Sarah {seeds.tenant.marker}"}
    return str(seeds.create("/sales/assignment-rules", body)["id"])


def create_proposal(seeds: Seeds) -> str:
    """A draft of a proposal with one quote of its own."""
    body = {
        "client_id": seeds["client_id"],
        "title": f"Your trip {seeds.tenant.marker}",
        "valid_until": in_days(30),
        "items": [{"charter_id": booking_seeds.create_charter(seeds)}],
    }
    return str(seeds.create("/sales/proposals", body)["id"])


def get_proposal_token(seeds: Seeds) -> str:
    """The token of a proposal's link."""
    return str(seeds.create(f"/sales/proposals/{seeds['proposal_id']}/send", {})["token"])
