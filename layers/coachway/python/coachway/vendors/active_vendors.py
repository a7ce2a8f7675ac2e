"""Vendors for bidding: candidates for bid requests, and version checks when a vendor gets work."""

from typing import Final

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Op
from coachway.core.persistence.queries import query_all
from coachway.vendors.model import BY_STATUS, Vendor
from coachway.vendors.rules import VendorStatus

_MAX_VENDORS: Final = 5000
"""The maximum number of active vendors that are considered for a trip."""


def list_active_vendors(caller: Caller) -> list[Vendor]:
    """List all active vendors.

    Reads an index, which may be behind: add `check_unchanged_op` to the transaction that awards work.
    """
    partition = BY_STATUS.partition(org=caller.org_id, status=VendorStatus.ACTIVE)
    return query_all(Vendor, partition, index=BY_STATUS.index, limit=_MAX_VENDORS)


def check_unchanged_op(vendor: Vendor) -> Op:
    """The operation that fails if a vendor was changed after it was read."""
    return CheckVersion(
        vendor, errors.ConcurrentUpdate("The vendor was changed by another request. Read it again, then retry.")
    )
