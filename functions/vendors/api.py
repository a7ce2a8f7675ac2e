"""Routes of vendors."""

from __future__ import annotations

from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.vendors import service, webhook_secrets
from coachway.vendors.model import (
    ComplianceStatus,
    StatusChanged,
    StatusQuery,
    VendorId,
    VendorInput,
    VendorProfile,
    VendorQuery,
)
from coachway.vendors.statistics import VendorStatistics

api = ApiRouter("vendors", "Vendors that run trips for the organization, and how they do.")
app = api.app


@api.post("/vendors", permission="vendors:write", status=201)
def create_vendor(caller: Caller, body: VendorInput) -> VendorProfile:
    """Add a vendor.

    It is pending until somebody makes it active. It can bid once it is active and its required documents are approved.
    """
    return service.create(caller, body)


@api.get("/vendors", permission="vendors:read")
def list_vendors(caller: Caller, query: VendorQuery) -> Page[VendorProfile]:
    """List vendors, newest first.

    `state` finds those that serve it; `min_rating` those rated at least so by three or more, the best first.
    """
    return service.list_vendors(caller, query)


@api.get("/vendors/top/rated", permission="vendors:read")
def list_top_vendors(caller: Caller, query: PageQuery) -> Page[VendorProfile]:
    """List the best active vendors.

    Those with three ratings or more, by their average.
    """
    return service.list_top_vendors(caller, query)


@api.get("/vendors/{vendor_id}", permission="vendors:read", external_roles=("vendor",))
def get_vendor(caller: Caller, vendor_id: VendorId) -> VendorProfile:
    """Get a vendor and how it does.

    A vendor's own people see it too, without what is noted about it.
    """
    return service.get_profile(caller, vendor_id)


@api.put("/vendors/{vendor_id}", permission="vendors:write")
def update_vendor(
    caller: Caller, vendor_id: VendorId, body: PartialUpdate[VendorInput], if_match: int | None
) -> VendorProfile:
    """Change a vendor.

    Fields that are left out stay as they are.
    """
    return service.update(caller, vendor_id, body, if_match)


@api.patch("/vendors/{vendor_id}/status", permission="vendors:write", errors=(InvalidStatusTransition,))
def set_vendor_status(caller: Caller, vendor_id: VendorId, query: StatusQuery, if_match: int | None) -> StatusChanged:
    """Approve, reject, suspend, retire or ban a vendor.

    From pending to active or rejected; from active to suspended, inactive or banned; and back to active from suspended
    and inactive. Making it active verifies it.
    """
    return service.set_status(caller, vendor_id, query, if_match)


@api.get("/vendors/{vendor_id}/statistics", permission="vendors:read", external_roles=("vendor",))
def get_vendor_statistics(caller: Caller, vendor_id: VendorId) -> VendorStatistics:
    """Get how a vendor does.

    Averages of all its ratings, share of bids that won, and of trips rated 4 or better for being on time. `rating` is
    the average that decisions go by: null until there are three.
    """
    return service.get_statistics(caller, vendor_id)


@api.get("/vendors/{vendor_id}/compliance/status", permission="compliance:read", external_roles=("vendor",))
def get_vendor_compliance(caller: Caller, vendor_id: VendorId) -> ComplianceStatus:
    """Get whether a vendor has all the documents that it must have, today."""
    return service.get_compliance_status(caller, vendor_id)


@api.post("/vendors/{vendor_id}/webhook-secret", permission="vendors:write", status=201, secret_response=True)
def create_webhook_secret(caller: Caller, vendor_id: VendorId) -> webhook_secrets.WebhookSecret:
    """Make a secret for a vendor's system to sign its bids with.

    For Standard Webhooks. It is shown once; the one before it stays good for 24 hours.
    """
    return webhook_secrets.rotate(caller, vendor_id)
