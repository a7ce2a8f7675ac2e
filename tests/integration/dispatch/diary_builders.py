"""Calendars, hours and papers of drivers, asked for through their routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.entries import load
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for

api = load("dispatch", "calendars_api").api
STAFF: Final = "dispatch:read dispatch:write"


def ask(method: str, path: str, *, by: str = "", rights: str = STAFF, org_id: str = ORG, **more: Any) -> Reply:
    """A request as staff, or as the driver of this id."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    whose = {"role": "driver", "party_id": by, "user_id": f"usr_{by[4:]}"} if by else {"role": "staff"}
    token = token_for(rights, org_id=org_id, **whose, **times)
    return call(api, method, f"/api/v1{path}", token=token, **more)


def got(path: str, **more: Any) -> dict[str, Any]:
    """What a GET is answered that must succeed."""
    reply = ask("GET", path, **more)
    assert reply.status == 200, f"{path}: {reply.status} {reply.text}"
    return dict(reply.json())


def subscribed(path: str, **more: Any) -> str:
    """The address, below the host, of a new link to a calendar."""
    reply = ask("POST", path, **more)
    assert reply.status == 201, reply.text
    return str(reply.json()["url"]).removeprefix("https://coachway.test/live")


def downloaded(address: str, **headers: str) -> Reply:
    """A calendar as a program gets it: without any token but the address's."""
    return call(api, "GET", address, headers={name.replace("_", "-"): value for name, value in headers.items()})
