"""Checks of who may read a driver, and that a vendor exists."""

from coachway.compliance import subjects
from coachway.compliance.rules import SubjectType
from coachway.core import errors
from coachway.core.caller import Caller


def require_own_driver(caller: Caller, driver_id: str) -> None:
    """Raise NotFound for an external caller who is not this driver."""
    if caller.is_external and (caller.role != "driver" or caller.party_id != driver_id):
        raise errors.NotFound("The driver was not found.")


def require_vendor(org_id: str, vendor_id: str | None) -> None:
    """Raise NotFound unless the organization has this vendor. None is accepted. One read.

    Fleet does not import vendors: the vendor's compliance subject proves that it exists.
    """
    if vendor_id is not None and subjects.find_subject(org_id, SubjectType.VENDOR, vendor_id) is None:
        raise errors.NotFound("The vendor was not found.")
