"""The webhook for bids: signatures, rate limits and repeated pushes, on the table in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from coachway.bids.vendor_access.webhook import BAD_SIGNATURES_PER_MINUTE, MAX_BYTES, PUSHES_PER_MINUTE
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.vendors import webhook_secrets
from tests.integration.bids.builders import (
    SYSTEM,
    bid_body,
    create_booked_charter,
    create_organizations,
    create_vendor,
    send_ok,
)
from tests.integration.client import Reply, call
from tools.function_modules import load

api = load("bids", "vendor_webhook").api


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


class System:
    """A vendor's own system, and the one charter that it bids for."""

    def __init__(self, name: str) -> None:
        self.vendor_id, self.charter_id = create_vendor(name), create_booked_charter()["id"]
        self.secret = webhook_secrets.rotate_secret(SYSTEM, self.vendor_id).secret

    def push(self, name: str = "", *, secret: str = "", price: float = 1250) -> Reply:
        """Send a bid under this webhook-id, signed now. Without one, the bid gets an id of its own."""
        name, at = name or f"msg_{ids.ulid()}", datetime.now(UTC)
        body = {"type": "bid.submitted", "data": {**bid_body(self.charter_id, price), "vendor_id": self.vendor_id}}
        text = json.dumps(body)
        send_signed = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(name, at, text),
        }
        return call(api, "POST", "/api/v1/webhooks/vendors/bids", headers=send_signed, raw=text.encode())


def start_of_a_minute() -> datetime:
    """The start of this minute. A clock that is frozen there stays in the minute while the test runs."""
    return clock.now().replace(second=0, microsecond=0)


def test_push_bid_rate_limit_is_per_vendor() -> None:
    loud, quiet = System("Loud"), System("Quiet")
    minute = start_of_a_minute()
    with clock.frozen(minute):
        assert {loud.push("msg_again").status for _ in range(PUSHES_PER_MINUTE)} == {201}
        reply = [loud.push("msg_again"), loud.push(price=900)]
        assert [each.status for each in reply] == [429, 429]
        assert [each.headers["Retry-After"] for each in reply] == ["60", "60"]
        assert quiet.push().status == 201
    with clock.frozen(minute + timedelta(seconds=60)):
        assert loud.push("msg_again").status == 201
    assert len(send_ok("GET", "/bids", query={"charter_id": loud.charter_id})["items"]) == 1


def test_push_bid_with_invalid_signatures_does_not_use_the_vendors_rate_limit() -> None:
    system, forger = System("Copied"), System("Forger")
    with clock.frozen(start_of_a_minute()):
        forged = [system.push(secret=forger.secret).status for _ in range(PUSHES_PER_MINUTE + 5)]
        assert forged[:BAD_SIGNATURES_PER_MINUTE] == [401] * BAD_SIGNATURES_PER_MINUTE
        assert set(forged[BAD_SIGNATURES_PER_MINUTE:]) == {429}
        assert system.push().status == 201


def test_push_bid_with_the_previous_secret_is_valid_for_a_day() -> None:
    system = System("Rotating")
    system.push("msg_known")
    now, first = clock.now(), system.secret
    system.secret = webhook_secrets.rotate_secret(SYSTEM, system.vendor_id).secret
    with clock.frozen(now + timedelta(hours=23, minutes=59)):
        assert system.push("msg_known", secret=first).status == 201
    with clock.frozen(now + timedelta(hours=24, minutes=1)):
        assert system.push("msg_known", secret=first).status == 401
        assert system.push("msg_known").status == 201


def test_push_bid_repeated_after_days_returns_the_first_result() -> None:
    system = System("Persistent")
    first = system.push("msg_late").json()
    send_ok("POST", f"/bids/{first['bid_id']}/withdraw", vendor_id=system.vendor_id)
    with clock.frozen(clock.now() + timedelta(days=5)):
        again = system.push("msg_late")
        assert (again.status, again.json()) == (201, first)
        other = system.push("msg_late", price=999)
        assert (other.status, other.json()["title"]) == (409, "The webhook-id was used before")
    assert [each["status"] for each in send_ok("GET", "/bids")["items"]] == ["withdrawn"]


def build_push_body(system: System, **more: object) -> bytes:
    data = {**bid_body(system.charter_id), "vendor_id": system.vendor_id, **more}
    return json.dumps({"type": "bid.submitted", "data": data}, ensure_ascii=False).encode()


def send_signed(system: System, body: bytes, *, at: datetime | None = None, **headers: str) -> Reply:
    """Sign a body without changing it. `headers` replace the usual ones."""
    at, name = at or datetime.now(UTC), f"msg_{ids.ulid()}"
    usual = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(system.secret).sign(name, at, body.decode()),
    }
    named = {f"webhook-{part}": value for part, value in headers.items()}
    return call(api, "POST", "/api/v1/webhooks/vendors/bids", headers={**usual, **named}, raw=body)


def test_push_bid_with_a_body_over_the_limit_returns_413() -> None:
    system = System("Sizing")
    body = build_push_body(system, notes="é")  # two bytes
    fits = body + b" " * (MAX_BYTES - len(body))
    assert send_signed(system, fits + b" ").status == 413
    assert send_signed(system, fits).status == 201


def test_push_bid_with_one_valid_signature_of_several_is_accepted() -> None:
    system, other = System("Rotating"), System("Other")
    body, at, name = build_push_body(system), datetime.now(UTC), "msg_several"
    good, bad = (Webhook(each.secret).sign(name, at, body.decode()) for each in (system, other))
    assert send_signed(system, body, at=at, id=name, signature=f"v1a,AAAA {bad}").status == 401
    assert send_signed(system, body, at=at, id=name, signature=f"v1a,AAAA {bad} {good}").status == 201


def test_push_bid_with_a_malformed_timestamp_or_signature_returns_401() -> None:
    system = System("Rubbish")
    body = build_push_body(system)
    for stamp in ("inf", "nan", "1e400", "-1", "", "soon", "9" * 400):
        assert send_signed(system, body, timestamp=stamp).status == 401, stamp
    for signature in ("", "v1", "v1,", "v1,é", ",", "v1,A v1,B", "v2,AAAA"):
        assert send_signed(system, body, signature=signature).status == 401, signature
    assert send_signed(system, body, at=datetime.now(UTC) - timedelta(seconds=290)).status == 201
