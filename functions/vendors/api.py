"""Routes of vendors."""

from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.identity.current_rights import read_current_rights
from coachway.vendors import service, webhook_secrets
from coachway.vendors.model import (
    StatusChanged,
    StatusQuery,
    VendorCompliance,
    VendorId,
    VendorInput,
    VendorProfile,
    VendorQuery,
)
from coachway.vendors.statistics import VendorStatistics

api = ApiRouter(
    "vendors", "Vendors that run trips for the organization, and their performance.", refresh_caller=read_current_rights
)
app = api.app


@api.post("/vendors", permission="vendors:write", status=201)
def create_vendor(caller: Caller, body: VendorInput) -> VendorProfile:
    """Create a vendor.

    A new vendor is `pending`. It can bid once it is active and its required documents are approved.
    """
    return service.create_vendor(caller, body)


@api.get("/vendors", permission="vendors:read")
def list_vendors(caller: Caller, query: VendorQuery) -> Page[VendorProfile]:
    """List vendors, newest first.

    `q` finds words of the names and the address, the phone number, the email address and the registration numbers.
    `service_state` filters by service area. `min_rating` filters by rating, best first, and requires at least three
    ratings.
    """
    return service.list_vendors(caller, query)


@api.get("/vendors/top/rated", permission="vendors:read")
def list_top_vendors(caller: Caller, query: PageQuery) -> Page[VendorProfile]:
    """List the best active vendors.

    Includes active vendors with at least three ratings, sorted by average.
    """
    return service.list_top_vendors(caller, query)


@api.get("/vendors/{vendor_id}", permission="vendors:read", external_roles=("vendor",))
def get_vendor(caller: Caller, vendor_id: VendorId) -> VendorProfile:
    """Get a vendor and its statistics.

    Vendors do not see staff notes.
    """
    return service.get_profile(caller, vendor_id)


@api.put("/vendors/{vendor_id}", permission="vendors:write")
def update_vendor(
    caller: Caller, vendor_id: VendorId, body: PartialUpdate[VendorInput], if_match: int | None
) -> VendorProfile:
    """Update a vendor.

    Omitted fields keep their values.
    """
    return service.update_vendor(caller, vendor_id, body, if_match)


@api.patch("/vendors/{vendor_id}/status", permission="vendors:write", errors=(InvalidStatusTransition,))
def set_vendor_status(caller: Caller, vendor_id: VendorId, query: StatusQuery, if_match: int | None) -> StatusChanged:
    """Set the status of a vendor.

    Allowed changes: `pending` to `active` or `rejected`; `active` to `suspended`, `inactive` or `banned`; `suspended`
    and `inactive` to `active`. Making a vendor active verifies it.
    """
    return service.set_vendor_status(caller, vendor_id, query, if_match)


@api.get("/vendors/{vendor_id}/statistics", permission="vendors:read", external_roles=("vendor",))
def get_vendor_statistics(caller: Caller, vendor_id: VendorId) -> VendorStatistics:
    """Get the statistics of a vendor.

    Includes the averages of all ratings, and the percentages of bids won and of stops on time. `rating` is null until
    there are three ratings.
    """
    return service.get_statistics(caller, vendor_id)


@api.get("/vendors/{vendor_id}/compliance/status", permission="compliance:read", external_roles=("vendor",))
def get_vendor_compliance(caller: Caller, vendor_id: VendorId) -> VendorCompliance:
    """Get a vendor's compliance status."""
    return service.get_compliance_status(caller, vendor_id)


@api.post("/vendors/{vendor_id}/webhook-secret", permission="vendors:write", status=201, grants_rights=True)
def create_webhook_secret(caller: Caller, vendor_id: VendorId) -> webhook_secrets.WebhookSecret:
    """Create a webhook secret for a vendor.

    The vendor's system signs its bids with the secret, as Standard Webhooks describes. The secret is shown only in this
    response; the previous one is valid for another 24 hours.
    """
    return webhook_secrets.rotate_secret(caller, vendor_id)
