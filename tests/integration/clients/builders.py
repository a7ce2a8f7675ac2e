"""Requests to the routes of clients, and their organizations."""

from __future__ import annotations

from typing import Any

from coachway.core.caller import Caller
from tests.entries import load
from tests.integration.client import Reply, call, token_for

api = load("clients", "api").api
ELSEWHERE = {"erase": load("bookings", "api").api, "export": load("billing", "documents_api").api}
"""Routes of clients that other functions serve."""
BASE = "/api/v1/clients"
ACME: dict[str, Any] = {
    "name": "Acme Events",
    "client_type": "corporate",
    "email": "events@acme.example",
    "phone": "+12125550123",
    "payment_terms": "net_30",
    "credit_limit": 10000,
}
ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")


def ask(method: str, path: str = "", body: Any = None, **more: Any) -> Reply:
    token = more.pop("token", "") or token_for("clients:read clients:write")
    return call(ELSEWHERE.get(path.rpartition("/")[2], api), method, BASE + path, body, token=token, **more)


def create_client(**fields: Any) -> dict[str, Any]:
    reply = ask("POST", body={**ACME, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def list_names(query: dict[str, str]) -> list[str]:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask("GET", query={**query, **cursor}).json()
        seen += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}
