"""Bids that vendors' systems push, with a client built on the public library of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from coachway.core.types import ids
from tests.stack import Stack, eventually
from tests.workflows.bidding import Exchange
from tests.workflows.carrier import at_once, statuses

VENDORS, PUSHES = 200, 100


@dataclass
class System:
    """A vendor's own system."""

    exchange: Exchange
    vendor_id: str
    secret: str

    @classmethod
    def of(cls, exchange: Exchange, vendor_id: str) -> System:
        """One that was given its secret, as POST /vendors/{id}/webhook-secret tells it."""
        told = exchange.carrier.ask("POST", f"/vendors/{vendor_id}/webhook-secret")
        return cls(exchange, vendor_id, told["secret"])

    def body(self, charter_id: str, price: float = 1000, **more: Any) -> str:
        bid = {
            "vendor_id": self.vendor_id,
            "charter_id": charter_id,
            "quoted_price": price,
            "vehicle_type": "coach",
            "passenger_capacity": 56,
            **more,
        }
        return json.dumps({"type": "bid.submitted", "timestamp": datetime.now(UTC).isoformat(), "data": bid})

    def push(self, body: str, *, name: str = "", ago: float = 0, **wrong: str) -> httpx.Response:
        """Send a body, signed; `ago` seconds old. `wrong` are headers to be sent otherwise."""
        at, name = datetime.now(UTC) - timedelta(seconds=ago), name or f"msg_{ids.ulid()}"
        signed = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(name, at, body),
            **{f"webhook-{part}": value for part, value in wrong.items()},
        }
        return self.exchange.carrier.http.post("/webhooks/vendors/bids", content=body, headers=signed)


@pytest.fixture(scope="module")
def exchange(stack: Stack) -> Exchange:
    return Exchange.opened(stack)


def test_a_push_is_a_bid_and_again_the_same_bid(exchange: Exchange) -> None:
    trip, system = exchange.booked(), System.of(exchange, exchange.vendor("Pusher"))
    body = system.body(trip["id"])
    first, again = (system.push(body, name="msg_first") for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (201, "submitted")
    assert (again.status_code, again.json()) == (201, first.json())
    other = system.push(system.body(trip["id"], 900), name="msg_first")
    assert (other.status_code, other.json()["title"]) == (409, "The webhook-id was used before")
    assert system.push(body).status_code == 409
    assert len(exchange.bids(trip["id"])) == 1


def test_the_same_push_many_times_at_once_is_one_bid(exchange: Exchange) -> None:
    trip, system = exchange.booked(), System.of(exchange, exchange.vendor("Eager"))
    body = system.body(trip["id"])
    answers = at_once(12, lambda _: system.push(body, name="msg_eager"))
    assert statuses(answers) == {201: 12}
    assert len({answer.json()["bid_id"] for answer in answers}) == 1


def test_old_forged_and_large_pushes_are_refused(exchange: Exchange) -> None:
    trip, system = exchange.booked(), System.of(exchange, exchange.vendor("Strict"))
    body = system.body(trip["id"])
    for refused in (
        system.push(body, ago=301),
        system.push(body, ago=-400),
        system.push(body, signature="v1,AAAA"),
        system.push(body, signature="rubbish"),
        system.push(body, timestamp="nan"),
        System(exchange, system.vendor_id, "whsec_" + base64.b64encode(b"another").decode()).push(body),
        System(exchange, ids.new("ven"), system.secret).push(body.replace(system.vendor_id, ids.new("ven"))),
    ):
        assert refused.status_code == 401, refused.text
    unsigned = exchange.carrier.http.post(
        "/webhooks/vendors/bids", content=body, headers={"content-type": "application/json"}
    )
    assert unsigned.status_code == 401
    assert system.push(system.body(trip["id"], notes="x" * 4000) + " " * 64_000).status_code == 413
    assert system.push(body).status_code == 201


def test_a_new_secret_leaves_the_one_before_it_good_for_a_while(exchange: Exchange) -> None:
    one, two, three = (exchange.booked() for _ in range(3))
    vendor = exchange.vendor("Rotating")
    first = System.of(exchange, vendor)
    second = System.of(exchange, vendor)
    assert first.push(first.body(one["id"])).status_code == 201
    assert second.push(second.body(two["id"])).status_code == 201
    System.of(exchange, vendor)
    assert first.push(first.body(three["id"])).status_code == 401
    assert second.push(second.body(three["id"])).status_code == 201


def test_bad_signatures_are_logged_without_what_was_sent(exchange: Exchange) -> None:
    trip, system = exchange.booked(), System.of(exchange, exchange.vendor("Logged"))
    system.push(system.body(trip["id"], driver_name="Very Private"), signature="v1,AAAA")
    logs = exchange.stack.client("logs")
    group = f"/aws/lambda/{exchange.stack.function('bids-webhook')}"

    def lines() -> list[str]:
        found = logs.filter_log_events(logGroupName=group)["events"]
        return [each["message"] for each in found if system.vendor_id in each["message"]]

    said = "\n".join(eventually(lines, 30, "nothing was logged"))
    assert "signature is not good" in said
    everything = "\n".join(each["message"] for each in logs.filter_log_events(logGroupName=group)["events"])
    assert "BadWebhookSignatures" in everything
    assert "Very Private" not in everything


def test_of_a_hundred_bids_that_are_pushed_at_once_none_is_lost_and_none_doubled(stack: Stack) -> None:
    exchange = Exchange.opened(stack)
    vendors = [exchange.vendor(f"Vendor {number}") for number in range(VENDORS)]
    root = stack.client("secretsmanager").get_secret_value(SecretId=f"coachway/{stack.config.environment}/root")
    systems = [System(exchange, each, _secret(exchange, each, root["SecretString"])) for each in vendors[:PUSHES]]
    trip = exchange.booked()
    request = exchange.asked(trip["id"], hours=600)
    known = exchange.request(request["id"])
    assert (known["invited_count"], len(known["vendors"])) == (VENDORS, VENDORS)

    def push(number: int) -> httpx.Response:
        return systems[number].push(systems[number].body(trip["id"], 1000 + number))

    answers = at_once(PUSHES, push)
    assert statuses(answers) == {201: PUSHES}
    kept = exchange.bids(trip["id"])
    assert {each["id"] for each in kept} == {answer.json()["bid_id"] for answer in answers}
    assert {each["vendor_id"] for each in kept} == set(vendors[:PUSHES])
    assert {each["quoted_price"] for each in kept} == {None}

    exchange.carrier.ask("POST", f"/bid-requests/{request['id']}/close", {"reason": "Enough"})
    compared = exchange.carrier.ask("GET", f"/charters/{trip['id']}/bids/comparison")
    assert [each["rank"] for each in compared["bids"]] == list(range(1, PUSHES + 1))
    best = compared["bids"][0]["id"]
    exchange.under_review(best)
    exchange.carrier.ask("POST", f"/bids/{best}/accept", {"decision": "accept"})

    def settled() -> bool:
        now = exchange.bids(trip["id"])
        return sorted(each["status"] for each in now) == ["accepted", *["rejected"] * (PUSHES - 1)]

    eventually(settled, 60, "not everybody was told")
    exchange.ended_well(request["id"])


def _secret(exchange: Exchange, vendor_id: str, root: str) -> str:
    """A vendor's secret, as its route would have told it: a hundred of them by the route take a minute."""
    key = {"pk": {"S": f"VENDOR_WEBHOOK#{vendor_id}"}, "sk": {"S": "KEYS"}}
    kept = exchange.stack.client("dynamodb").get_item(TableName=exchange.stack.table, Key=key)["Item"]
    nonce = json.loads(kept["doc"]["S"])["nonce"]
    said = f"vendor webhook\0{exchange.carrier.org_id}\0{vendor_id}\0{nonce}".encode()
    return "whsec_" + base64.b64encode(hmac.digest(root.encode(), said, hashlib.sha256)).decode()
