"""Requests for calendars, driver hours and trip sheets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("dispatch", "calendars_api").api
STAFF: Final = "dispatch:read dispatch:write"


def send_request(
    method: str, path: str, *, driver_id: str = "", rights: str = STAFF, org_id: str = ORG, **options: Any
) -> Reply:
    """Send a request as staff, or as the driver with this id."""
    real_time = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real_time, "exp": real_time + timedelta(minutes=5)}
    identity = {"role": "staff"}
    if driver_id:
        identity = {"role": "driver", "party_id": driver_id, "user_id": f"usr_{driver_id[4:]}"}
    token = token_for(rights, org_id=org_id, **identity, **times)
    return call(api, method, f"/api/v1{path}", token=token, **options)


def get_ok(path: str, **options: Any) -> dict[str, Any]:
    """Send a GET request that must succeed."""
    reply = send_request("GET", path, **options)
    assert reply.status == 200, f"{path}: {reply.status} {reply.text}"
    return dict(reply.json())


def create_feed(path: str, **options: Any) -> str:
    """Create a subscription link; returns its path."""
    reply = send_request("POST", path, **options)
    assert reply.status == 201, reply.text
    return str(reply.json()["url"]).removeprefix("https://coachway.test/live")


def download_feed(path: str, **headers: str) -> Reply:
    """Download a calendar as a calendar program does, without a token."""
    return call(api, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
