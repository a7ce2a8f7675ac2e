"""Pushes of vendors' systems: whose they are, and how many of them are taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from coachway.bids.webhook import BAD_SIGNATURES_PER_MINUTE, PUSHES_PER_MINUTE
from coachway.core import clock, ids
from coachway.vendors import webhooks
from tests.entries import load
from tests.integration.bids.office import SYSTEM, booked, done, found, offer, vendor
from tests.integration.client import Reply, call

api = load("bids", "webhook").api


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


class System:
    """A vendor's own system, and the one charter that it bids for."""

    def __init__(self, name: str) -> None:
        self.vendor_id, self.charter_id = vendor(name), booked()["id"]
        self.secret = webhooks.rotate(SYSTEM, self.vendor_id).secret

    def push(self, name: str = "", *, secret: str = "", price: float = 1250) -> Reply:
        """Send a bid under this webhook-id, signed now; each has an id of its own unless it says one."""
        name, at = name or f"msg_{ids.ulid()}", datetime.now(UTC)
        body = {"type": "bid.submitted", "data": {**offer(self.charter_id, price), "vendor_id": self.vendor_id}}
        text = json.dumps(body)
        signed = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(name, at, text),
        }
        return call(api, "POST", "/api/v1/webhooks/vendors/bids", headers=signed, raw=text.encode())


def start_of_a_minute() -> datetime:
    """One that is not over while the test runs: the clock stands in it."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def test_one_vendors_flood_leaves_the_pushes_of_another_alone() -> None:
    loud, quiet = System("Loud"), System("Quiet")
    minute = start_of_a_minute()
    with clock.frozen(minute):
        assert {loud.push("msg_again").status for _ in range(PUSHES_PER_MINUTE)} == {201}
        refused = [loud.push("msg_again"), loud.push(price=900)]
        assert [each.status for each in refused] == [429, 429]
        assert [each.headers["Retry-After"] for each in refused] == ["60", "60"]
        assert quiet.push().status == 201
    with clock.frozen(minute + timedelta(seconds=60)):
        assert loud.push("msg_again").status == 201
    assert len(done("GET", "/bids", query={"charter_id": loud.charter_id})["items"]) == 1


def test_who_cannot_sign_uses_up_nothing_of_the_vendors() -> None:
    system, forger = System("Copied"), System("Forger")
    with clock.frozen(start_of_a_minute()):
        forged = [system.push(secret=forger.secret).status for _ in range(PUSHES_PER_MINUTE + 5)]
        assert forged[:BAD_SIGNATURES_PER_MINUTE] == [401] * BAD_SIGNATURES_PER_MINUTE
        assert set(forged[BAD_SIGNATURES_PER_MINUTE:]) == {429}
        assert system.push().status == 201


def test_the_secret_before_is_good_for_a_day() -> None:
    system = System("Rotating")
    system.push("msg_known")
    now, first = clock.now(), system.secret
    system.secret = webhooks.rotate(SYSTEM, system.vendor_id).secret
    with clock.frozen(now + timedelta(hours=23, minutes=59)):
        assert system.push("msg_known", secret=first).status == 201
    with clock.frozen(now + timedelta(hours=24, minutes=1)):
        assert system.push("msg_known", secret=first).status == 401
        again = system.push("msg_known")
        assert (again.status, again.json()["title"]) == (409, "that is already taken")
