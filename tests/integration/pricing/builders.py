"""Requests to the routes of pricing, by a manager of an organization."""

from __future__ import annotations

from typing import Any, Final

from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("pricing", "api").api
BASE: Final = "/api/v1/pricing"
ORG: Final = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER_ORG: Final = "org_01JQYYYYYYYYYYYYYYYYYYYYYY"
ALL_PERMISSIONS: Final = "pricing:read pricing:write charters:write"
ACME: Final = "cli_01JQZZZZZZZZZZZZZZZZZZZZZZ"
ZENITH: Final = "cli_01JQYYYYYYYYYYYYYYYYYYYYYY"
"""Another client of the same organization."""

COACH_BASE: Final = {"name": "Coach base", "rule_type": "base_rate", "scope": "global", "amount": 350, "priority": 10}
PER_MILE: Final = {"name": "Per mile", "rule_type": "mileage_rate", "scope": "global", "amount": 2.5}
WEEKEND: Final = {
    "name": "Weekend",
    "rule_type": "time_multiplier",
    "scope": "global",
    "percent": 25,
    "weekdays": ["saturday", "sunday"],
}
QUOTE_REQUEST: Final = {
    "client_id": ACME,
    "vehicle_class": "coach",
    "trip_date": "2027-03-03",
    "miles": 150,
    "passengers": 40,
    "amenities": [],
    "promo_code": None,
}


def send_request(
    method: str, path: str, body: Any = None, *, org_id: str = ORG, permissions: str = ALL_PERMISSIONS, **options: Any
) -> Reply:
    return call(api, method, BASE + path, body, token=token_for(permissions, org_id=org_id), **options)


def create_rule(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    reply = send_request("POST", "/pricing-rules", {**body, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def calculate_quote(**fields: Any) -> dict[str, Any]:
    reply = send_request("POST", "/calculate-quote", {**QUOTE_REQUEST, **fields})
    assert reply.status == 200, reply.text
    return dict(reply.json())


def get_line(quote: dict[str, Any], kind: str) -> dict[str, Any]:
    (line,) = [line for line in quote["lines"] if line["kind"] == kind]
    return dict(line)
