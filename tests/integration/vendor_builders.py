"""Builders of an organization with vendors and their compliance documents, on the table in memory."""

from __future__ import annotations

from typing import Any

from coachway.compliance import reminder_times, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization
from coachway.vendors.model import Figures
from coachway.vendors.statistics import Statistics, statistics_key
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER_ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
VENDOR_FIELDS: dict[str, Any] = {
    "business_name": "Premium Coach Lines",
    "legal_name": "Premium Coach Lines LLC",
    "vendor_type": "fleet_operator",
    "primary_contact_name": "John Smith",
    "primary_email": "john@premiumcoach.com",
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
REQUIRED_DOCUMENTS = [
    "business_license",
    "insurance_certificate",
    "vehicle_registration",
    "driver_background_check",
    "safety_inspection",
]

vendors_api = load("vendors", "api").api
compliance_api = load("compliance", "api").api


def create_organizations(timezone: str = "America/Los_Angeles") -> None:
    """Create the organization of the tests, and another one."""
    reminder_times.clear_timezone_cache()
    for org_id in (ORG, OTHER_ORG):
        organization = Organization(
            id=org_id, org_id=org_id, slug="harbor", name="Harbor Coach", timezone=timezone, currency="USD"
        )
        store.commit(Caller.system("tests", org_id), Create(organization))


def create_staff_token(**more: Any) -> str:
    return token_for("vendors:read vendors:write compliance:read compliance:submit compliance:write", **more)


def create_vendor_token(vendor_id: str) -> str:
    """A token for a user who acts for a vendor."""
    permissions = "vendors:read compliance:read compliance:submit ratings:read ratings:write"
    return token_for(permissions, role="vendor", party_id=vendor_id, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZV")


def send_request(method: str, path: str, body: Any = None, *, token: str = "", **more: Any) -> Reply:
    """Send a request to the API of vendors or compliance; as staff by default."""
    api = compliance_api if path.startswith("/compliance") else vendors_api
    return call(api, method, f"/api/v1{path}", body, token=token or create_staff_token(), **more)


def create_vendor(**fields: Any) -> dict[str, Any]:
    reply = send_request("POST", "/vendors", {**VENDOR_FIELDS, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def create_active_vendor(**fields: Any) -> dict[str, Any]:
    """Create a vendor and approve it."""
    vendor = create_vendor(**fields)
    reply = send_request("PATCH", f"/vendors/{vendor['id']}/status", query={"new_status": "active"})
    assert reply.status == 200, reply.text
    return vendor


def create_document(
    vendor_id: str, document_type: str = "business_license", *, status: str = "", **fields: Any
) -> dict[str, Any]:
    """Create a compliance document of a vendor; `status` is set if it is not empty."""
    body = {"vendor_id": vendor_id, "document_type": document_type, "document_name": document_type, **fields}
    reply = send_request("POST", "/compliance", body)
    assert reply.status == 201, reply.text
    document = dict(reply.json())
    if status:
        reply = send_request("PUT", f"/compliance/{document['id']}", {"status": status})
        assert reply.status == 200, reply.text
        document = dict(reply.json())
    return document


def get_subject(vendor_id: str) -> Subject:
    """The compliance subject of a vendor."""
    return subjects.get_subject(CALLER, SubjectType.VENDOR, vendor_id)


def get_figures(vendor_id: str) -> Figures:
    """Get a vendor's figures; zeros if nothing was counted yet."""
    record = store.find(Statistics, statistics_key(ORG, vendor_id))
    return record.figures() if record else Figures()
