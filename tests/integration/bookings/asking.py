"""Asks the routes of bookings, as people of an organization that has a client and prices."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters.model import CHARTER_EXAMPLE
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.identity.model.organization import Organization
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from tests import dates
from tests.entries import load
from tests.integration.client import Reply, call, token_for

api = load("bookings", "api").api
ORG: Final = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER_ORG: Final = "org_01JQYYYYYYYYYYYYYYYYYYYYYY"
CLIENT_ID: Final = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
STAFF: Final = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="staff", correlation_id="tests")
EVERYTHING: Final = "charters:read charters:write charters:cancel charters:override"


def found() -> None:
    """Two organizations; the first has a client and a price list: 350 and 2.50 a mile."""
    for org_id, slug in ((ORG, "harbor"), (OTHER_ORG, "other")):
        organization = Organization(
            id=org_id, org_id=org_id, slug=slug, name=slug.title(), timezone="America/New_York", currency="USD"
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


def ask(
    method: str,
    path: str,
    body: Any = None,
    *,
    permissions: str = EVERYTHING,
    org_id: str = ORG,
    role: str = "staff",
    party_id: str = "",
    **more: Any,
) -> Reply:
    """Send a request to `/api/v1` + `path` as somebody with `permissions`; as nobody if they are empty."""
    token = ""
    if permissions:
        real = datetime.now(UTC)  # tokens are judged by the real time, whatever a test's clock says
        times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
        token = token_for(permissions, org_id=org_id, role=role, party_id=party_id, **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **more)


def wish(**fields: Any) -> dict[str, Any]:
    """The canonical request for a charter, with other fields."""
    return {**deepcopy(CHARTER_EXAMPLE), "client_id": CLIENT_ID, **fields}


def stops_ahead() -> list[dict[str, Any]]:
    """The stops of a charter that is about three months ahead, whatever the clock shows."""
    first, last = wish()["stops"]
    day = dates.next_weekday(dates.WEDNESDAY, clock.now())
    first["estimated_departure"], last["estimated_arrival"] = dates.at("09:00", day), dates.at("12:00", day)
    return [first, last]


def far(hours: float) -> list[dict[str, Any]]:
    """Two stops, `hours` of driving apart."""
    first, last = wish()["stops"]
    last["estimated_arrival"] = f"2027-03-03T{9 + int(hours):02d}:{int(hours % 1 * 60):02d}:00-05:00"
    return [first, last]


def quoted(**fields: Any) -> dict[str, Any]:
    """A new charter."""
    reply = ask("POST", "/charters", wish(**fields))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def sent(charter_id: str, hours: int = 72) -> str:
    """The token of the link that its client was sent."""
    reply = ask("POST", f"/charters/{charter_id}/send-quote", {"expires_in_hours": hours})
    assert reply.status == 200, reply.text
    return str(reply.json()["token"])


def answer(token: str, what: str = "accept", revision: int = 1, **fields: Any) -> Reply:
    """What the holder of a link says to it."""
    body = {"revision_number": revision, **({"accepted_by": "Dana Lee"} if what == "accept" else {}), **fields}
    return ask("POST", f"/quotes/{token}/{what}", body, permissions="")


def status_of(charter_id: str) -> str:
    return str(ask("GET", f"/charters/{charter_id}").json()["status"])


def moved(charter_id: str, status: str, **more: Any) -> Reply:
    return ask("POST", f"/charters/{charter_id}/status", {"status": status, "reason": "because"}, **more)
