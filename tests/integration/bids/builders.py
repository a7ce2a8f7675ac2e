"""Builders of charters, vendors, bid requests and bids, on the table in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from coachway.bids.model.bid_request import INVITATIONS_BY_REQUEST, BidInvitation
from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import invitations
from coachway.bids.requests import service as requests
from coachway.bids.requests import workflow as request_workflow
from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.compliance import reminder_times
from coachway.compliance import rules as compliance_rules
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.vendors.model import Vendor
from coachway.vendors.rules import VendorStatus
from tests.integration import vendor_builders
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

bids_api = load("bids", "api").api
SYSTEM = Caller.system("bidding", ORG)
MANAGER_PERMISSIONS = "bids:read bids:write bids:award charters:read charters:write"


def create_organizations() -> None:
    """Create the organization with a client and prices, and another organization."""
    reminder_times.clear_timezone_cache()
    booking_builders.create_organizations()


def send_request(
    method: str,
    path: str,
    body: Any = None,
    *,
    vendor_id: str = "",
    permissions: str = MANAGER_PERMISSIONS,
    **more: Any,
) -> Reply:
    """Send a request to the API of bids as a manager, or as a user of a vendor."""
    # Tokens are valid at the real time, also if a test has frozen the clock.
    now = datetime.now(UTC)
    times: dict[str, Any] = {"iat": now, "exp": now + timedelta(minutes=5)}
    if vendor_id:
        user = {"role": "vendor", "party_id": vendor_id, "user_id": f"usr_{vendor_id[4:]}"}
        token = token_for("bids:read bids:write", **user, **times)
    else:
        token = token_for(permissions, role="manager", **times)
    return call(bids_api, method, f"/api/v1{path}", body, token=token, **more)


def send_ok(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """Send a request that must succeed; returns the body of the response."""
    reply = send_request(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def create_vendor(
    name: str = "Premium Coach Lines", *, documents_expire: date = date(2028, 1, 1), **fields: Any
) -> str:
    """Create an active vendor in New York with approved documents; returns its id."""
    area = {"service_states": ["NY", "NJ"], "state": "NY", "service_radius_miles": None}
    vendor = Vendor(
        **{**vendor_builders.VENDOR_FIELDS, "business_name": name, **area, **fields},
        id=ids.new("ven"),
        org_id=ORG,
        status=VendorStatus.ACTIVE,
        is_verified=True,
    )
    documents = [
        DocumentSummary(
            id=ids.new("cmp"),
            document_type=document_type,
            status=compliance_rules.DocumentStatus.APPROVED,
            expiration_date=documents_expire,
        )
        for document_type in compliance_rules.REQUIRED[SubjectType.VENDOR]
    ]
    subject = Subject(org_id=ORG, subject_type=SubjectType.VENDOR, subject_id=vendor.id, name=name, documents=documents)
    store.commit(SYSTEM, Create(vendor), Create(subject))
    return vendor.id


def create_charter(**fields: Any) -> dict[str, Any]:
    """Create a charter in the status `quote`."""
    return booking_builders.create_charter(**fields)


def create_booked_charter(**fields: Any) -> dict[str, Any]:
    """Create a charter in the status `booked`."""
    charter = create_charter(**fields)
    reply = booking_builders.send_request(
        "POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"}
    )
    assert reply.status == 200, reply.text
    return dict(reply.json())


def get_charter(charter_id: str) -> dict[str, Any]:
    return dict(booking_builders.send_request("GET", f"/charters/{charter_id}").json())


def bid_body(charter_id: str, price: float = 1250, **fields: Any) -> dict[str, Any]:
    """The body of a request that creates a bid."""
    return {
        "charter_id": charter_id,
        "quoted_price": price,
        "vehicle_type": "coach",
        "passenger_capacity": 56,
        "driver_name": "Mike Johnson",
        "amenities": ["wifi", "restroom"],
        "is_ada_compliant": True,
        **fields,
    }


def create_submitted_bid(charter_id: str, vendor_id: str, price: float = 1250, **fields: Any) -> dict[str, Any]:
    """Create and submit a bid; returns it as its vendor sees it."""
    bid = send_ok("POST", "/bids", bid_body(charter_id, price, **fields), vendor_id=vendor_id)
    return send_ok("POST", f"/bids/{bid['id']}/submit", vendor_id=vendor_id)


def open_bid_request(charter_id: str, *vendor_ids: str, hours: float = 24, **fields: Any) -> dict[str, Any]:
    """Open a bid request and invite these vendors, or all that match."""
    recipients = {"vendor_ids": list(vendor_ids)} if vendor_ids else {"matching": True}
    deadline = clock.now() + timedelta(hours=hours)
    body = {"deadline": deadline.isoformat(), **recipients, **fields}
    request = send_ok("POST", f"/charters/{charter_id}/bid-requests", body)
    invitations.invite_vendors(SYSTEM, request["id"])
    return request


def close_bid_request(request_id: str) -> None:
    """Close a bid request as at its deadline."""
    request = requests.get_request(SYSTEM, request_id)
    requests.close_bidding(SYSTEM, request, "The deadline has passed", early=False)


def extend_bid_request(request_id: str) -> dict[str, Any]:
    """Extend the deadline of a bid request to two days from now."""
    deadline = clock.now() + timedelta(hours=48)
    return send_ok("POST", f"/bid-requests/{request_id}/extend", {"deadline": deadline.isoformat()})


def decide_bid_request(request_id: str) -> request_workflow.Next:
    """Run the steps of the workflow that decide on the bids and award them."""
    following = request_workflow.decide_award(SYSTEM, request_id)
    if following.go == "award":
        following = request_workflow.award_bids(SYSTEM, request_id, bid_ids=following.bid_ids)
    return following


def assign_own_driver(charter_id: str, vehicle: int = 1) -> None:
    """Assign a driver of the organization to a vehicle of a charter."""
    cover = VehicleCoverage(vehicle=vehicle, assignment_id=f"asg_{vehicle}", driver_id="drv_1")
    charter = charter_queries.get_charter(SYSTEM, charter_id)
    store.commit(SYSTEM, *coverage.set_coverage_ops(SYSTEM, charter, [cover], "assigned"))


def deliver_charter_event(event_type: str, charter_id: str, **data: Any) -> None:
    """Deliver an event of a charter to the consumers of bids, twice."""
    delivery = Delivery(
        event_id="e", type=event_type, org_id=ORG, aggregate_id=charter_id, correlation_id="c", data=data
    )
    for _ in range(2):
        request_consumers.CONSUMERS[event_type](SYSTEM, delivery)


def list_invitations(bid_request_id: str) -> list[BidInvitation]:
    """List all invitations of a bid request."""
    partition = INVITATIONS_BY_REQUEST.partition(org=ORG, request=bid_request_id)
    return query_all(BidInvitation, partition, index=INVITATIONS_BY_REQUEST.index)
