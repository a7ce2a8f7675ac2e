"""Requests to the routes of leads and assignment rules, and the users who get leads."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.identity.model.user import User
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("sales", "api").api
BASE = "/api/v1/sales"
ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER_ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
BOB: dict[str, Any] = {
    "first_name": "Bob",
    "last_name": "Wilson",
    "email": "bob@wilson.example",
    "phone": "+12125550199",
    "source": "phone",
    "trip_details": "Class trip to Boston",
    "estimated_passengers": 48,
    "estimated_trip_date": "2027-05-14",
}


def send(method: str, path: str, body: Any = None, **options: Any) -> Reply:
    token = options.pop("token", "") or token_for("sales:read sales:write sales:assign")
    return call(api, method, BASE + path, body, token=token, **options)


def create_user(name: str = "Sarah", **fields: Any) -> str:
    """Create a user of the organization; return their id."""
    user_id = ids.new("usr")
    values = {"email": f"{user_id.lower()}@harbor.example", "first_name": name, "last_name": "Sales", "role": "staff"}
    user = User(id=user_id, org_id=ORG, **{**values, "status": "active", **fields})
    store.commit(Caller.system("tests", ORG), Create(user))
    return user_id


def create_agent(name: str = "Sarah", **rule: Any) -> dict[str, Any]:
    """Create a user and their assignment rule; return the rule."""
    reply = send("POST", "/assignment-rules", {"agent_id": create_user(name), "agent_name": name, **rule})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def capture_lead(**fields: Any) -> dict[str, Any]:
    """Capture the lead of a new person; return it."""
    person = {"email": f"{ids.ulid().lower()}@people.example", "phone": None}
    reply = send("POST", "/leads", {**BOB, **person, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def list_ids(path: str, **query: str) -> list[str]:
    return [each["id"] for each in send("GET", path, query=query).json()["items"]]


def deliver(event: Event) -> Delivery:
    """The delivery of an event of the organization."""
    return Delivery(
        event_id=ids.ulid(),
        type=event.TYPE,
        org_id=ORG,
        aggregate_id="",
        correlation_id="c",
        data=event.model_dump(mode="json"),
    )
