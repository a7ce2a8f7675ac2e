"""Requests to the routes of clients, and their organizations."""

from __future__ import annotations

from typing import Any

from coachway.core.caller import Caller
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("clients", "api").api
OTHER_APIS = {"erase": load("bookings", "api").api, "export": load("billing", "documents_api").api}
"""APIs of other functions that serve routes of clients, by the last part of the path."""
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
OTHER_ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")


def send(method: str, path: str = "", body: Any = None, **options: Any) -> Reply:
    token = options.pop("token", "") or token_for("clients:read clients:write")
    return call(OTHER_APIS.get(path.rpartition("/")[2], api), method, BASE + path, body, token=token, **options)


def create_client(**fields: Any) -> dict[str, Any]:
    reply = send("POST", body={**ACME, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def list_names(query: dict[str, str]) -> list[str]:
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = send("GET", query={**query, **cursor}).json()
        names += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            return names
        cursor = {"cursor": page["next_cursor"]}
