"""An organization whose charters vendors bid for, on the table in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from coachway.bids.requests import invitations
from coachway.bids.requests import service as requests
from coachway.bids.requests import workflow as request_workflow
from coachway.compliance import reminder_times
from coachway.compliance import rules as papers_rules
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.vendors.model import Vendor
from coachway.vendors.rules import Status
from tests.entries import load
from tests.integration import vendor_builders
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for

api = load("bids", "api").api
SYSTEM = Caller.system("bidding", ORG)
MANAGER = "bids:read bids:write bids:award charters:read charters:write"


def found() -> None:
    """The organization, a client, prices."""
    reminder_times.clear_timezone_cache()
    booking_builders.create_organizations()


def ask(method: str, path: str, body: Any = None, *, vendor: str = "", rights: str = MANAGER, **more: Any) -> Reply:
    """A request to bids, as a manager, or as somebody of a vendor."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    token = token_for(rights, role="manager", **times)
    if vendor:
        token = token_for("bids:read bids:write", role="vendor", party_id=vendor, user_id=f"usr_{vendor[4:]}", **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **more)


def done(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """A request that must succeed."""
    reply = ask(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def vendor(name: str = "Premium Coach Lines", *, until: date = date(2028, 1, 1), **fields: Any) -> str:
    """A vendor that may bid for a trip from New York, as approving it and its papers, good `until` then, leaves it."""
    area = {"service_states": ["NY", "NJ"], "state": "NY", "service_radius_miles": None}
    made = Vendor(
        **{**vendor_builders.VENDOR_FIELDS, "business_name": name, **area, **fields},
        id=ids.new("ven"),
        org_id=ORG,
        status=Status.ACTIVE,
        is_verified=True,
    )
    approved = papers_rules.Status.APPROVED
    papers = [
        DocumentSummary(id=ids.new("cmp"), document_type=kind, status=approved, expiration_date=until)
        for kind in papers_rules.REQUIRED[SubjectType.VENDOR]
    ]
    subject = Subject(org_id=ORG, subject_type=SubjectType.VENDOR, subject_id=made.id, name=name, papers=papers)
    store.commit(SYSTEM, Create(made), Create(subject))
    return made.id


def charter(**fields: Any) -> dict[str, Any]:
    """A quote."""
    return booking_builders.create_charter(**fields)


def booked(**fields: Any) -> dict[str, Any]:
    """A charter that its client wants."""
    made = charter(**fields)
    reply = booking_builders.ask(
        "POST", f"/charters/{made['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"}
    )
    assert reply.status == 200, reply.text
    return dict(reply.json())


def now_of(charter_id: str) -> dict[str, Any]:
    return dict(booking_builders.ask("GET", f"/charters/{charter_id}").json())


def offer(charter_id: str, price: float = 1250, **fields: Any) -> dict[str, Any]:
    """The body of a bid."""
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


def bid(charter_id: str, vendor_id: str, price: float = 1250, **fields: Any) -> dict[str, Any]:
    """A submitted bid, as its vendor sees it."""
    made = done("POST", "/bids", offer(charter_id, price, **fields), vendor=vendor_id)
    return done("POST", f"/bids/{made['id']}/submit", vendor=vendor_id)


def opened(charter_id: str, *vendor_ids: str, hours: float = 24, **fields: Any) -> dict[str, Any]:
    """A request for bids, whose vendors are invited."""
    whom = {"vendor_ids": list(vendor_ids)} if vendor_ids else {"matching": True}
    deadline = clock.now() + timedelta(hours=hours)
    body = {"deadline": deadline.isoformat(), **whom, **fields}
    request = done("POST", f"/charters/{charter_id}/bid-requests", body)
    invitations.invite(SYSTEM, request["id"])
    return request


def closed(request_id: str) -> None:
    """Close it as its deadline does."""
    requests.close_bidding(SYSTEM, requests.get(SYSTEM, request_id), "the deadline is over", early=False)


def ranked(request_id: str) -> request_workflow.Next:
    """What the flow does with what there is."""
    following = request_workflow.decide_award(SYSTEM, request_id)
    if following.go == "award":
        following = request_workflow.award_bids(SYSTEM, request_id, bid_ids=following.bid_ids)
    return following
