"""Requests to the routes of proposals, and the quotes that they bundle."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from tests.integration.client import Reply, call, token_for
from tests.integration.sales.builders import ORG
from tools.function_modules import load

api = load("sales", "proposals_api").api
bookings_api = load("bookings", "api").api
STAFF: Final = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="staff", correlation_id="tests")
VALID_UNTIL: Final = "2027-02-20T22:00:00Z"
PERMISSIONS: Final = "sales:read sales:write"


def create_client(**fields: Any) -> str:
    """Create a client that pays by invoice; return its id."""
    client_id = ids.new("cli")
    values = {
        "payment_terms": "net_30",
        "credit_limit": 100_000_00,
        "email": f"{client_id.lower()}@acme.example",
        **fields,
    }
    client = Client(id=client_id, org_id=ORG, name="Acme Events", client_type="corporate", **values)
    store.commit(STAFF, Create(client))
    return client_id


def create_prices() -> None:
    """Create a base rate of 350 and a mileage rate of 2.50."""
    for rule in (
        RuleInput(name="Coach base", rule_type="base_rate", amount=35_000),
        RuleInput(name="Per mile", rule_type="mileage_rate", amount=250),
    ):
        rule_service.create_rule(STAFF, rule)


def send_bookings(method: str, path: str, body: Any = None, **options: Any) -> Reply:
    token = token_for("charters:read charters:write charters:cancel charters:override")
    return call(bookings_api, method, f"/api/v1{path}", body, token=token, **options)


def create_charter(client_id: str, **fields: Any) -> dict[str, Any]:
    """Create a charter in the status `quote`."""
    reply = send_bookings("POST", "/charters", {**deepcopy(CHARTER_EXAMPLE), "client_id": client_id, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def get_charter(charter_id: str) -> dict[str, Any]:
    return dict(send_bookings("GET", f"/charters/{charter_id}").json())


def list_statuses(charters: list[dict[str, Any]]) -> list[str]:
    return [get_charter(charter["id"])["status"] for charter in charters]


def send(method: str, path: str, body: Any = None, **options: Any) -> Reply:
    """Send a request to a route of proposals as staff."""
    token = options.pop("token", "") or token_for(PERMISSIONS)
    return call(api, method, f"/api/v1/sales/proposals{path}", body, token=token, **options)


def proposal_request(client_id: str, charters: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """A valid request for a proposal; `fields` replaces fields."""
    items = [{"charter_id": charter["id"], "label": f"Option {number}"} for number, charter in enumerate(charters, 1)]
    base = {"client_id": client_id, "title": "Your trip", "valid_until": VALID_UNTIL, "items": items}
    return {**base, **fields}


def create_proposal(client_id: str, charters: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    reply = send("POST", "", proposal_request(client_id, charters, **fields))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def send_proposal(proposal_id: str) -> str:
    """Send a proposal; return the token of its link."""
    reply = send("POST", f"/{proposal_id}/send")
    assert reply.status == 200, reply.text
    return str(reply.json()["token"])


def open_proposal(token: str) -> Reply:
    return call(api, "GET", f"/api/v1/proposals/{token}")


def accept(token: str, *items: int, revision: int = 1, **options: Any) -> Reply:
    """Accept items of a proposal by its link."""
    body = {"revision_number": revision, "items": list(items), "accepted_by": "Dana Lee"}
    return call(api, "POST", f"/api/v1/proposals/{token}/accept", body, **options)


def decline(token: str, revision: int = 1, reason: str = "Too expensive") -> Reply:
    body = {"revision_number": revision, "reason": reason}
    return call(api, "POST", f"/api/v1/proposals/{token}/decline", body)
