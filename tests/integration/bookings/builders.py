"""Builders and requests of the bookings tests: organizations, a client, prices, charters and quote links."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from coachway.billing.invoices import link_replacement as invoice_link_replacement
from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE
from coachway.bookings.quotes import link_replacement as quote_link_replacement
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.data_version import CURRENT_DATA_VERSION
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.identity.model.organization import Organization
from coachway.pricing import quote_service as pricing
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from tests import dates
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("bookings", "api").api
ORG: Final = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER_ORG: Final = "org_01JQYYYYYYYYYYYYYYYYYYYYYY"
CLIENT_ID: Final = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
STAFF: Final = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="staff", correlation_id="tests")
ALL_PERMISSIONS: Final = "charters:read charters:write charters:cancel charters:override"


def create_organizations() -> None:
    """Create two organizations. The first has a client, a base rate of 350 and a mileage rate of 2.50."""
    for org_id, slug in ((ORG, "harbor"), (OTHER_ORG, "other")):
        organization = Organization(
            id=org_id,
            org_id=org_id,
            slug=slug,
            name=slug.title(),
            timezone="America/New_York",
            currency="USD",
            fuel_surcharge_per_mile=Decimal("0.01"),
            data_version=CURRENT_DATA_VERSION,
        )
        store.commit(Caller.system("tests", org_id), Create(organization))
    client = Client(
        id=CLIENT_ID,
        org_id=ORG,
        name="Acme Events",
        client_type="corporate",
        email="e@acme.example",
        payment_terms="net_30",
        credit_limit=100_000_00,
    )
    store.commit(STAFF, Create(client))
    for rule in (
        RuleInput(name="Coach base", rule_type="base_rate", amount=35_000),
        RuleInput(name="Per mile", rule_type="mileage_rate", amount=250),
    ):
        rule_service.create_rule(STAFF, rule)


def send_request(
    method: str,
    path: str,
    body: Any = None,
    *,
    permissions: str = ALL_PERMISSIONS,
    org_id: str = ORG,
    role: str = "staff",
    party_id: str = "",
    **options: Any,
) -> Reply:
    """Send a request to `/api/v1` + `path` by a user with `permissions`; without a token if they are empty."""
    token = ""
    if permissions:
        now = datetime.now(UTC)  # tokens are verified by the real time, even if a test freezes the clock
        times: dict[str, Any] = {"iat": now, "exp": now + timedelta(minutes=5)}
        token = token_for(permissions, org_id=org_id, role=role, party_id=party_id, **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def charter_request(**fields: Any) -> dict[str, Any]:
    """A valid request for a charter; `fields` replaces fields."""
    return {**deepcopy(CHARTER_EXAMPLE), "client_id": CLIENT_ID, **fields}


def change_client_email(email: str) -> None:
    """Change the email of the client, and deliver the event twice to the consumers of bookings and billing."""
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"email": email}), None)
    key = CLIENT.key(org=ORG, id=CLIENT_ID)
    event = store.list_history(key)[-1]
    delivery = Delivery(
        event_id=event.event_id,
        type=event.type,
        org_id=ORG,
        aggregate_id=CLIENT_ID,
        correlation_id="c",
        data=event.data,
    )
    for consumer in (quote_link_replacement, invoice_link_replacement) * 2:
        consumer.on_client_updated(Caller.system("tests", ORG), delivery)


def future_stops() -> list[dict[str, Any]]:
    """The stops of a charter that departs about three months after the current time."""
    first, last = charter_request()["stops"]
    day = dates.next_weekday(dates.WEDNESDAY, clock.now())
    first["estimated_departure"], last["estimated_arrival"] = dates.at("09:00", day), dates.at("12:00", day)
    return [first, last]


def stops_with_driving_hours(hours: float) -> list[dict[str, Any]]:
    """Two stops with `hours` of driving between them."""
    first, last = charter_request()["stops"]
    last["estimated_arrival"] = f"2027-03-03T{9 + int(hours):02d}:{int(hours % 1 * 60):02d}:00-05:00"
    return [first, last]


def create_charter(**fields: Any) -> dict[str, Any]:
    """Create a charter."""
    reply = send_request("POST", "/charters", charter_request(**fields))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def send_quote(charter_id: str, hours: int = 72) -> str:
    """Send a quote; return the token of its link."""
    reply = send_request("POST", f"/charters/{charter_id}/send-quote", {"expires_in_hours": hours})
    assert reply.status == 200, reply.text
    return str(reply.json()["token"])


def answer_quote(token: str, action: str = "accept", revision: int = 1, **fields: Any) -> Reply:
    """Answer a quote by its link."""
    body = {"revision_number": revision, **({"accepted_by": "Dana Lee"} if action == "accept" else {}), **fields}
    return send_request("POST", f"/quotes/{token}/{action}", body, permissions="")


def get_status(charter_id: str) -> str:
    return str(send_request("GET", f"/charters/{charter_id}").json()["status"])


def set_status(charter_id: str, status: str, **options: Any) -> Reply:
    return send_request("POST", f"/charters/{charter_id}/status", {"status": status, "reason": "because"}, **options)


def list_event_types(charter_id: str) -> list[str]:
    return [each["type"] for each in send_request("GET", f"/charters/{charter_id}/history").json()["items"]]


def get_quote_status(charter: dict[str, Any]) -> str:
    return pricing.get_quote(STAFF, charter["quote"]["id"]).status
