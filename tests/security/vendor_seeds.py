"""Seeds of vendors, compliance documents, bids and ratings."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from coachway.bids.model.bid import Bid, BidTerms
from coachway.bids.model.bid_request import BidInvitation
from coachway.compliance.rules import REQUIRED, SubjectType
from coachway.core.types import ids
from tests import dates
from tests.security import booking_seeds
from tests.security.link_tokens import derive_link_token
from tests.security.unique_values import in_days

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def create_vendor(seeds: Seeds) -> str:
    marker = seeds.tenant.marker
    body = {
        "business_name": f"Premium {marker}",
        "legal_name": f"Premium {marker} LLC",
        "vendor_type": "fleet_operator",
        "primary_contact_name": f"John {marker}",
        "primary_email": seeds.tenant.new_email("vendor"),
        "primary_phone": "555-010-0000",
        "address_line1": "123 Transport Ave",
        "city": "San Diego",
        "state": "CA",
        "zip_code": "92101",
        "total_vehicles": 10,
        "max_passenger_capacity": 56,
        "service_radius_miles": 200,
        "service_states": ["CA", "NV", "AZ"],
    }
    return str(seeds.create("/vendors", body)["id"])


def create_document(seeds: Seeds) -> str:
    body = {
        "vendor_id": seeds["vendor_id"],
        "document_type": "business_license",
        "document_name": f"License {seeds.tenant.marker}",
        "document_number": "BL-2026-00123",
        "issue_date": "2026-01-01",
        "expiration_date": f"{dates.EXPIRY_DAY}",
    }
    return str(seeds.create("/compliance", body)["id"])


def create_approved_vendor(seeds: Seeds) -> str:
    """A vendor with approved documents, which may bid."""
    vendor_id = create_vendor(seeds)
    seeds.send("PATCH", f"/vendors/{vendor_id}/status?new_status=active")
    for kind in REQUIRED[SubjectType.VENDOR]:
        body = {"vendor_id": vendor_id, "document_type": kind, "document_name": f"{kind} {seeds.tenant.marker}"}
        document = seeds.create("/compliance", {**body, "expiration_date": f"{dates.EXPIRY_DAY}"})
        seeds.send("PUT", f"/compliance/{document['id']}", {"status": "approved"})
    return vendor_id


def create_rating(seeds: Seeds) -> str:
    """A rating of a vendor whose bid won and whose trip is completed."""
    vendor_id, charter_id = create_approved_vendor(seeds), booking_seeds.create_charter(seeds)
    seeds.send("POST", f"/charters/{charter_id}/status", {"status": "booked", "accepted_by": "Dana Lee"})
    offer = {"quoted_price": 1250, "vehicle_type": "coach", "passenger_capacity": 56}
    bid = seeds.create("/bids", {"vendor_id": vendor_id, "charter_id": charter_id, **offer})["id"]
    seeds.send("POST", f"/bids/{bid}/submit")
    seeds.send("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    for status in ("in_progress", "completed"):
        seeds.send("POST", f"/charters/{charter_id}/status", {"status": status})
    rating = {"overall_rating": 4.5, "review_text": seeds.tenant.marker}
    return str(seeds.create("/ratings", {"vendor_id": vendor_id, "charter_id": charter_id, **rating})["id"])


def create_bid_request(seeds: Seeds) -> str:
    body = {"deadline": in_days(3), "matching": True, "message": seeds.tenant.marker}
    return str(seeds.create(f"/charters/{seeds['charter_id']}/bid-requests", body)["id"])


def store_bid(seeds: Seeds) -> str:
    """A draft bid, stored directly: a vendor that may bid takes many requests."""
    bid = Bid(
        id=ids.new("bid"),
        org_id=seeds.tenant.org_id,
        vendor_id=seeds["vendor_id"],
        vendor_name=seeds.tenant.marker,
        charter_id=seeds["charter_id"],
        charter_number="CH-2027-000001",
        charter_revision=1,
        vehicle_type="coach",
        vehicle_count=1,
        passenger_capacity=56,
        terms=BidTerms(quoted_price=125_000, notes=seeds.tenant.marker),
        currency="USD",
        version=1,
    )
    seeds.store(bid)
    return bid.id


def store_invitation(seeds: Seeds) -> str:
    """The token of an invitation's link, which is only in its mail."""
    invitation = BidInvitation(
        id=ids.new("ivt"),
        org_id=seeds.tenant.org_id,
        bid_request_id=seeds["bid_request_id"],
        charter_id=seeds["charter_id"],
        vendor_id=seeds["vendor_id"],
        nonce=secrets.token_hex(12),
        version=1,
    )
    seeds.store(invitation)
    return derive_link_token(seeds, "bid", invitation.id, invitation.nonce)
