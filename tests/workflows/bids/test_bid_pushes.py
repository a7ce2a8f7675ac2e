"""Bids pushed by vendors' systems, signed with the public library of Standard Webhooks."""

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
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.organization_builders import RACE_REQUESTS, count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("bid-pushes")

PUSHES = RACE_REQUESTS
VENDORS = 4 * PUSHES


@dataclass
class VendorSystem:
    """The system of a vendor, which signs its requests."""

    bidding: BiddingOrganization
    vendor_id: str
    secret: str

    @classmethod
    def create(cls, bidding: BiddingOrganization, vendor_id: str) -> VendorSystem:
        """Create the vendor's secret through the API."""
        result = bidding.operator.call("POST", f"/vendors/{vendor_id}/webhook-secret")
        return cls(bidding, vendor_id, result["secret"])

    def push_body(self, charter_id: str, price: float = 1000, **more: Any) -> str:
        bid = {
            "vendor_id": self.vendor_id,
            "charter_id": charter_id,
            "quoted_price": price,
            "vehicle_type": "coach",
            "passenger_capacity": 56,
            **more,
        }
        return json.dumps({"type": "bid.submitted", "timestamp": datetime.now(UTC).isoformat(), "data": bid})

    def push(
        self, body: str, *, message_id: str = "", seconds_ago: float = 0, **changed_headers: str
    ) -> httpx.Response:
        """Send a signed body that is `seconds_ago` old. `changed_headers` replace the parts of the signature."""
        at, message_id = datetime.now(UTC) - timedelta(seconds=seconds_ago), message_id or f"msg_{ids.ulid()}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, at, body),
            **{f"webhook-{part}": value for part, value in changed_headers.items()},
        }
        return self.bidding.operator.http.post("/webhooks/vendors/bids", content=body, headers=headers)


@pytest.fixture(scope="module")
def bidding(stack: Stack) -> BiddingOrganization:
    return BiddingOrganization.create(stack)


def test_push_bid_repeated_returns_same_bid(bidding: BiddingOrganization) -> None:
    trip, system = bidding.create_booked_charter(), VendorSystem.create(bidding, bidding.create_vendor("Pusher"))
    body = system.push_body(trip["id"])
    first, again = (system.push(body, message_id="msg_first") for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (201, "submitted")
    assert (again.status_code, again.json()) == (201, first.json())
    other = system.push(system.push_body(trip["id"], 900), message_id="msg_first")
    assert (other.status_code, other.json()["title"]) == (409, "The webhook-id was used before")
    assert system.push(body).status_code == 409
    assert len(bidding.list_bids(trip["id"])) == 1


def test_push_bid_same_message_at_once_creates_one_bid(bidding: BiddingOrganization) -> None:
    trip, system = bidding.create_booked_charter(), VendorSystem.create(bidding, bidding.create_vendor("Eager"))
    body = system.push_body(trip["id"])
    answers = run_concurrently(12, lambda _: system.push(body, message_id="msg_eager"))
    assert count_statuses(answers) == {201: 12}
    assert len({response.json()["bid_id"] for response in answers}) == 1


def test_push_bid_old_forged_or_too_large_is_refused(bidding: BiddingOrganization) -> None:
    trip, system = bidding.create_booked_charter(), VendorSystem.create(bidding, bidding.create_vendor("Strict"))
    body = system.push_body(trip["id"])
    for response in (
        system.push(body, seconds_ago=301),
        system.push(body, seconds_ago=-400),
        system.push(body, signature="v1,AAAA"),
        system.push(body, signature="rubbish"),
        system.push(body, timestamp="nan"),
        VendorSystem(bidding, system.vendor_id, "whsec_" + base64.b64encode(b"another").decode()).push(body),
        VendorSystem(bidding, ids.new("ven"), system.secret).push(body.replace(system.vendor_id, ids.new("ven"))),
    ):
        assert response.status_code == 401, response.text
    unsigned = bidding.operator.http.post(
        "/webhooks/vendors/bids", content=body, headers={"content-type": "application/json"}
    )
    assert unsigned.status_code == 401
    assert system.push(system.push_body(trip["id"], notes="x" * 4000) + " " * 64_000).status_code == 413
    assert system.push(body).status_code == 201


def test_new_webhook_secret_keeps_previous_secret_valid(bidding: BiddingOrganization) -> None:
    one, two, three = (bidding.create_booked_charter() for _ in range(3))
    vendor = bidding.create_vendor("Rotating")
    first = VendorSystem.create(bidding, vendor)
    second = VendorSystem.create(bidding, vendor)
    assert first.push(first.push_body(one["id"])).status_code == 201
    assert second.push(second.push_body(two["id"])).status_code == 201
    VendorSystem.create(bidding, vendor)
    assert first.push(first.push_body(three["id"])).status_code == 401
    assert second.push(second.push_body(three["id"])).status_code == 201


def test_push_bid_bad_signature_is_logged_without_body(bidding: BiddingOrganization) -> None:
    trip, system = bidding.create_booked_charter(), VendorSystem.create(bidding, bidding.create_vendor("Logged"))
    system.push(system.push_body(trip["id"], driver_name="Very Private"), signature="v1,AAAA")
    logs = bidding.stack.client("logs")
    group = f"/aws/lambda/{bidding.stack.function('bids-webhook')}"

    def find_lines() -> list[str]:
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [each["message"] for each in events if system.vendor_id in each["message"]]

    text = "\n".join(eventually(find_lines, 30, "nothing was logged"))
    assert "invalid webhook signature" in text
    log = "\n".join(each["message"] for each in logs.filter_log_events(logGroupName=group)["events"])
    assert "BadWebhookSignatures" in log
    assert "Very Private" not in log


def test_push_bid_many_at_once_stores_each_once(stack: Stack) -> None:
    bidding = BiddingOrganization.create(stack)
    vendors = [bidding.create_vendor(f"Vendor {number}") for number in range(VENDORS)]
    root = stack.client("secretsmanager").get_secret_value(SecretId=f"coachway/{stack.config.environment}/root")
    systems = [
        VendorSystem(bidding, each, _derive_secret(bidding, each, root["SecretString"])) for each in vendors[:PUSHES]
    ]
    trip = bidding.create_booked_charter()
    request = bidding.create_bid_request(trip["id"], hours=600)
    bid_request = bidding.get_bid_request(request["id"])
    assert (bid_request["invited_count"], len(bid_request["vendors"])) == (VENDORS, VENDORS)

    def push(number: int) -> httpx.Response:
        return systems[number].push(systems[number].push_body(trip["id"], 1000 + number))

    answers = run_concurrently(PUSHES, push)
    assert count_statuses(answers) == {201: PUSHES}
    bids = bidding.list_bids(trip["id"])
    assert {each["id"] for each in bids} == {response.json()["bid_id"] for response in answers}
    assert {each["vendor_id"] for each in bids} == set(vendors[:PUSHES])
    assert {each["quoted_price"] for each in bids} == {None}

    bidding.operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": "Enough"})
    comparison = bidding.operator.call("GET", f"/charters/{trip['id']}/bids/comparison")
    assert [each["rank"] for each in comparison["bids"]] == list(range(1, PUSHES + 1))
    best = comparison["bids"][0]["id"]
    bidding.wait_until_under_review(best)
    bidding.operator.call("POST", f"/bids/{best}/accept", {"decision": "accept"})

    def is_decided() -> bool:
        bids_now = bidding.list_bids(trip["id"])
        return sorted(each["status"] for each in bids_now) == ["accepted", *["rejected"] * (PUSHES - 1)]

    eventually(is_decided, 60, "not every bid was decided")
    bidding.wait_until_workflow_succeeded(request["id"])


def _derive_secret(bidding: BiddingOrganization, vendor_id: str, root: str) -> str:
    """Derive a vendor's secret as the API does: creating many through the API takes a minute."""
    key = {"pk": {"S": f"VENDOR_WEBHOOK#{vendor_id}"}, "sk": {"S": "KEYS"}}
    stored = bidding.stack.client("dynamodb").get_item(TableName=bidding.stack.table, Key=key)["Item"]
    nonce = json.loads(stored["doc"]["S"])["nonce"]
    message = f"vendor webhook\0{bidding.operator.org_id}\0{vendor_id}\0{nonce}".encode()
    return "whsec_" + base64.b64encode(hmac.digest(root.encode(), message, hashlib.sha256)).decode()
