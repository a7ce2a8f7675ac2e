"""Refunds over the threshold need two people, and clients do not see their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.errors import RefundSelfApproval
from coachway.billing.refunds import service as refunds
from coachway.core import store
from coachway.core.auth.api_keys import ApiKey
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import MANAGER
from tests.integration.billing.refund_builders import SYSTEM, create_payment, create_refund, send_ok, send_request
from tests.integration.bookings.builders import CLIENT_ID, ORG

CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization("due_on_receipt")
        yield


def test_approve_refund_by_requester_is_refused() -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    assert (refund["status"], refund["requested_by"]) == ("awaiting_approval", MANAGER.user_id)
    refused = send_request("POST", f"/refunds/{refund['id']}/approve", {"reason": "Fair"})
    assert (refused.status, refused.json()["code"]) == (409, "refund_self_approval")
    approved = refund_builders.approve_refund(refund["id"], "Fair")
    assert (approved["status"], approved["decided_by"]) == ("pending", refund_builders.APPROVER.user_id)


def test_approve_refund_with_api_key_of_requester_is_refused() -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    own, other = (
        ApiKey(
            id=ids.new("key"),
            org_id=ORG,
            name="Nightly",
            permissions=[],
            digest="",
            hint="",
            created_by=user,
            owner_id=user,
        )
        for user in (MANAGER.user_id, refund_builders.APPROVER.user_id)
    )
    store.commit(SYSTEM, Create(own), Create(other))
    with pytest.raises(RefundSelfApproval):
        refunds.approve_refund(Caller(org_id=ORG, user_id=own.id, role="api_key"), refund["id"], "", None)
    approved = refunds.approve_refund(Caller(org_id=ORG, user_id=other.id, role="api_key"), refund["id"], "", None)
    assert approved.status == "pending"


def test_refund_shown_to_client_has_no_internal_reasons() -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    body = {"payment_id": payment_id, "reason": "Asked three times", "message_to_client": "With our apologies."}
    refund = send_ok("POST", "/payments/refund", body)
    refund_builders.approve_refund(refund["id"], "To calm them")
    client: dict[str, Any] = {"client": CLIENT_ID, "permissions": "billing:read"}
    shown = send_ok("GET", f"/refunds/{refund['id']}", **client)
    [listed] = send_ok("GET", "/refunds", **client)["items"]
    internal = ("reason", "decision_reason", "requested_by", "decided_by")
    assert [shown[name] or "" for name in internal] == [listed[name] or "" for name in internal] == [""] * 4
    assert shown["message_to_client"] == "With our apologies."
    assert send_ok("GET", f"/refunds/{refund['id']}")["reason"] == "Asked three times"
