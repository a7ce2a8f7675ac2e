"""An organization with vendors, for the tests of what vendors do."""

from __future__ import annotations

from typing import Any

from coachway.compliance import reminder_times, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization
from tests.entries import load
from tests.integration.client import Reply, call, token_for

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
PREMIUM: dict[str, Any] = {
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
REQUIRED = [
    "business_license",
    "insurance_certificate",
    "vehicle_registration",
    "driver_background_check",
    "safety_inspection",
]

vendors = load("vendors", "api").api
compliance = load("compliance", "api").api


def found(timezone: str = "America/Los_Angeles") -> None:
    """The organization of the tests, and a stranger to it."""
    reminder_times.clear_timezone_cache()
    for org_id in (ORG, OTHER):
        harbor = Organization(
            id=org_id, org_id=org_id, slug="harbor", name="Harbor Coach", timezone=timezone, currency="USD"
        )
        store.commit(Caller.system("tests", org_id), Create(harbor))


def staff(**more: Any) -> str:
    return token_for("vendors:read vendors:write compliance:read compliance:submit compliance:write", **more)


def of_vendor(vendor_id: str) -> str:
    """The token of somebody who works for a vendor."""
    rights = "vendors:read compliance:read compliance:submit ratings:read ratings:write"
    return token_for(rights, role="vendor", party_id=vendor_id, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZV")


def ask(method: str, path: str, body: Any = None, *, token: str = "", **more: Any) -> Reply:
    """A request to vendors or compliance, as staff by default."""
    api = compliance if path.startswith("/compliance") else vendors
    return call(api, method, f"/api/v1{path}", body, token=token or staff(), **more)


def vendor(**fields: Any) -> dict[str, Any]:
    reply = ask("POST", "/vendors", {**PREMIUM, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def approved(**fields: Any) -> dict[str, Any]:
    """A vendor that was approved."""
    made = vendor(**fields)
    reply = ask("PATCH", f"/vendors/{made['id']}/status", query={"new_status": "active"})
    assert reply.status == 200, reply.text
    return made


def document(vendor_id: str, kind: str = "business_license", *, status: str = "", **fields: Any) -> dict[str, Any]:
    """A vendor's paper, judged if `status` says so."""
    body = {"vendor_id": vendor_id, "document_type": kind, "document_name": kind, **fields}
    reply = ask("POST", "/compliance", body)
    assert reply.status == 201, reply.text
    made = dict(reply.json())
    if status:
        reply = ask("PUT", f"/compliance/{made['id']}", {"status": status})
        assert reply.status == 200, reply.text
        made = dict(reply.json())
    return made


def subject(vendor_id: str) -> Subject:
    """Whose papers a vendor's are."""
    return subjects.get(CALLER, SubjectType.VENDOR, vendor_id)
