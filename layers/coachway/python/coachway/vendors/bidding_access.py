"""Vendors as those look at them who ask them for bids: who may be asked, and that nobody was changed."""

from __future__ import annotations

from typing import Final

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Op
from coachway.core.persistence.queries import query_all
from coachway.vendors.model import BY_STATUS, Vendor
from coachway.vendors.rules import Status

_MOST_ACTIVE: Final = 5000
"""Vendors of one organization that are looked at for one trip."""


def check_unchanged_op(vendor: Vendor) -> Op:
    """The op that fails unless a vendor is still as it was when it was judged."""
    return CheckVersion(vendor, errors.ConcurrentUpdate("the vendor was changed by somebody else: look again"))


def list_active_vendors(caller: Caller) -> list[Vendor]:
    """All vendors that may be given work, by an index: whoever awards something makes `unchanged` a condition of it."""
    partition = BY_STATUS.partition(org=caller.org_id, status=Status.ACTIVE)
    return query_all(Vendor, partition, index=BY_STATUS.index, most=_MOST_ACTIVE)
