"""Vendors on the deployed stack: the timer that expires documents, and the consumer that counts statistics."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.compliance.rules import REQUIRED, SubjectType
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.domain_events import Actor, Envelope, Event
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from tests import event_builders
from tests.stack import Stack, eventually
from tests.workflows.faults import Queue, run_command
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("vendors")


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


def create_vendor(operator: Operator, name: str) -> dict[str, Any]:
    email = f"{name.lower()}@{operator.slug}.example"
    body = {"business_name": f"{name} Coach Lines", "vendor_type": "fleet_operator", "primary_email": email}
    created: dict[str, Any] = operator.call("POST", "/vendors", body)
    return created


def store_event(operator: Operator, aggregate_id: str, event: Event) -> Envelope:
    """Store an event of a vendor."""
    envelope = Envelope(
        event_id=ids.ulid(),
        type=event.TYPE,
        org_id=operator.org_id,
        aggregate_id=aggregate_id,
        aggregate_pk=VENDOR.partition(org=operator.org_id, id=aggregate_id),
        occurred_at=datetime.now(UTC),
        actor=Actor(user_id="test", role="system"),
        correlation_id=ids.ulid(),
        data=event_builders.event_data(event),
    )
    operator.stack.client("dynamodb").put_item(TableName=operator.stack.table, Item=to_item(envelope))
    return envelope


def run_compliance_timer(stack: Stack) -> dict[str, int]:
    """Run the compliance timer once; returns its counts."""
    response = stack.client("lambda").invoke(FunctionName=stack.function("compliance-schedule"), Payload=b"{}")
    results: dict[str, dict[str, int]] = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, results
    return results["documents"]


def test_expired_document_is_marked_and_reported_once(operator: Operator, stack: Stack) -> None:
    premium = create_vendor(operator, "Premium")
    body = {"vendor_id": premium["id"], "document_type": "business_license", "document_name": "City license"}
    document = operator.call("POST", "/compliance", {**body, "expiration_date": "2026-01-31"})
    assert run_compliance_timer(stack)["failed"] == 0
    assert operator.call("GET", f"/compliance/{document['id']}")["status"] == "expired"
    mail = stack.wait_for_mail(premium["primary_email"], "has expired")
    assert "January 31, 2026" in mail["BodyText"]
    run_compliance_timer(stack)
    status = operator.call("GET", f"/vendors/{premium['id']}/compliance/status")
    assert (status["expired_documents"], status["is_compliant"]) == (1, False)
    assert len(stack.mails(premium["primary_email"])) == 1


def test_add_documents_at_once_stores_all(operator: Operator) -> None:
    rapid = create_vendor(operator, "Rapid")["id"]
    document_types = [kind.value for kind in REQUIRED[SubjectType.VENDOR]]

    def submit_document(kind: str) -> Any:
        return operator.call("POST", "/compliance", {"vendor_id": rapid, "document_type": kind, "document_name": kind})

    with ThreadPoolExecutor(len(document_types)) as threads:
        documents = list(threads.map(submit_document, document_types))
    with ThreadPoolExecutor(len(document_types)) as threads:
        list(
            threads.map(
                lambda each: operator.call("PUT", f"/compliance/{each['id']}", {"status": "approved"}), documents
            )
        )
    status = operator.call("GET", f"/vendors/{rapid}/compliance/status")
    assert (status["total_documents"], status["approved_documents"], status["is_compliant"]) == (5, 5, True)


def test_vendor_statistics_count_events_once_and_rebuild_equally(operator: Operator, stack: Stack) -> None:
    swift = create_vendor(operator, "Swift")["id"]
    queue = Queue(stack, "vendors")
    trip_fields = {"vendor_id": swift, "driver_id": ids.new("drv")}
    events = [
        store_event(operator, swift, event)
        for event in (
            event_builders.build_bid_submitted(swift),
            event_builders.build_bid_accepted(swift),
            event_builders.build_charter_completed(swift),
            *(event_builders.build_vendor_rated(swift, on_time_performance_rating=4.0) for _ in range(3)),
            event_builders.build_trip_departed(late_minutes=40, **trip_fields),
            event_builders.build_trip_arrived(**trip_fields),
        )
    ]

    def get_statistics() -> dict[str, Any]:
        statistics: dict[str, Any] = operator.call("GET", f"/vendors/{swift}/statistics")
        return statistics

    def is_counted() -> bool:
        statistics = get_statistics()
        return (statistics["total_ratings"], statistics["completed_trips"], statistics["on_time_percentage"]) == (
            3,
            1,
            50.0,
        )

    eventually(is_counted, 60, "not counted")
    bodies = [json.dumps({"detail-type": each.type, "detail": each.detail()}) for each in events]
    queue.send(*bodies)
    queue.wait_until_empty()
    statistics = get_statistics()
    assert (statistics["total_bids_submitted"], statistics["bids_won"], statistics["win_rate_percentage"]) == (
        1,
        1,
        100.0,
    )
    assert (statistics["average_rating"], statistics["rating"], statistics["on_time_percentage"]) == (4.5, 4.5, 50.0)
    top = operator.call("GET", "/vendors?min_rating=4")["items"]
    assert [each["id"] for each in top] == [swift]
    assert "Statistics rebuilt: " in run_command(stack, "rebuild", operator.org_id)
    assert get_statistics() == statistics
    queue.send(*bodies)
    queue.wait_until_empty()
    assert get_statistics() == statistics
