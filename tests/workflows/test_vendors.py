"""Vendors on the deployed stack: the timer that looks at their papers, and the consumer that counts what they do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.compliance.rules import REQUIRED, SubjectType
from coachway.core.persistence.domain_events import Actor, Envelope
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.vendors.model import VENDOR
from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier
from tests.workflows.faults import Queue, made


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def vendor(carrier: Carrier, name: str) -> dict[str, Any]:
    email = f"{name.lower()}@{carrier.slug}.example"
    body = {"business_name": f"{name} Coach Lines", "vendor_type": "fleet_operator", "primary_email": email}
    found: dict[str, Any] = carrier.ask("POST", "/vendors", body)
    return found


def happened(carrier: Carrier, aggregate_id: str, kind: str, **data: Any) -> Envelope:
    """Something that happened to a vendor, as the store would write it."""
    envelope = Envelope(
        event_id=ids.ulid(),
        type=kind,
        org_id=carrier.org_id,
        aggregate_id=aggregate_id,
        aggregate_pk=VENDOR.partition(org=carrier.org_id, id=aggregate_id),
        occurred_at=datetime.now(UTC),
        actor=Actor(user_id="test", role="system"),
        correlation_id=ids.ulid(),
        data=data,
    )
    carrier.stack.client("dynamodb").put_item(TableName=carrier.stack.table, Item=to_item(envelope))
    return envelope


def tick(stack: Stack) -> dict[str, int]:
    """One run of the timer."""
    answer = stack.client("lambda").invoke(FunctionName=stack.function("compliance-schedule"), Payload=b"{}")
    results: dict[str, dict[str, int]] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, results
    return results["documents"]


def test_a_paper_that_ran_out_is_marked_once_and_its_vendor_told(carrier: Carrier, stack: Stack) -> None:
    premium = vendor(carrier, "Premium")
    paper = {"vendor_id": premium["id"], "document_type": "business_license", "document_name": "City license"}
    document = carrier.ask("POST", "/compliance", {**paper, "expiration_date": "2026-01-31"})
    assert tick(stack)["failed"] == 0
    assert carrier.ask("GET", f"/compliance/{document['id']}")["status"] == "expired"
    mail = stack.wait_for_mail(premium["primary_email"], "has expired")
    assert "January 31, 2026" in mail["BodyText"]
    tick(stack)
    status = carrier.ask("GET", f"/vendors/{premium['id']}/compliance/status")
    assert (status["expired_documents"], status["is_compliant"]) == (1, False)
    assert len(stack.mails(premium["primary_email"])) == 1


def test_papers_handed_in_at_once_are_all_there(carrier: Carrier) -> None:
    rapid = vendor(carrier, "Rapid")["id"]
    wanted = [kind.value for kind in REQUIRED[SubjectType.VENDOR]]

    def hand_in(kind: str) -> Any:
        return carrier.ask("POST", "/compliance", {"vendor_id": rapid, "document_type": kind, "document_name": kind})

    with ThreadPoolExecutor(len(wanted)) as threads:
        made = list(threads.map(hand_in, wanted))
    with ThreadPoolExecutor(len(wanted)) as threads:
        list(threads.map(lambda each: carrier.ask("PUT", f"/compliance/{each['id']}", {"status": "approved"}), made))
    status = carrier.ask("GET", f"/vendors/{rapid}/compliance/status")
    assert (status["total_documents"], status["approved_documents"], status["is_compliant"]) == (5, 5, True)


def test_what_vendors_do_is_counted_once_and_the_same_again_from_the_events(carrier: Carrier, stack: Stack) -> None:
    swift = vendor(carrier, "Swift")["id"]
    queue = Queue(stack, "vendors")
    rated = {"rating_id": "rat_1", "charter_id": "chr_1", "overall_rating": 4.5, "on_time_performance_rating": 4.0}
    now = datetime.now(UTC).isoformat()
    drove = {"vendor_id": swift, "driver_id": ids.new("drv")}
    events = [
        happened(carrier, swift, "bid.submitted", vendor_id=swift),
        happened(carrier, swift, "bid.accepted", vendor_id=swift),
        happened(carrier, swift, "charter.completed", vendor_ids=[swift]),
        *(happened(carrier, swift, "vendor.rated", vendor_id=swift, **rated) for _ in range(3)),
        happened(carrier, swift, "trip.departed", **drove, stop=0, late_minutes=40),
        happened(carrier, swift, "trip.arrived", **drove, stop=1, at=now, planned_at=now, is_last=False),
    ]

    def figures() -> dict[str, Any]:
        told: dict[str, Any] = carrier.ask("GET", f"/vendors/{swift}/statistics")
        return told

    def is_counted() -> bool:
        told = figures()
        return (told["total_ratings"], told["completed_trips"], told["on_time_percentage"]) == (3, 1, 50.0)

    eventually(is_counted, 60, "not counted")
    bodies = [json.dumps({"detail-type": each.type, "detail": each.detail()}) for each in events]
    queue.send(*bodies)
    queue.is_empty()
    counted = figures()
    assert (counted["total_bids_submitted"], counted["bids_won"], counted["win_rate_percentage"]) == (1, 1, 100.0)
    assert (counted["average_rating"], counted["rating"], counted["on_time_percentage"]) == (4.5, 4.5, 50.0)
    top = carrier.ask("GET", "/vendors?min_rating=4")["items"]
    assert [each["id"] for each in top] == [swift]
    assert "Statistics rebuilt: " in made(stack, "rebuild", carrier.org_id)
    assert figures() == counted
    queue.send(*bodies)
    queue.is_empty()
    assert figures() == counted
