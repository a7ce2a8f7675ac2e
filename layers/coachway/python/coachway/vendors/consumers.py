"""The consumer that updates the counters of vendors, and the rebuild of the counters from past events."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer
from coachway.core.event_counters import CounterProjection, Numbers
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.operations import Op, Refresh
from coachway.core.persistence.queries import iterate_by_month
from coachway.core.persistence.retry import retry_on_conflict
from coachway.vendors import counters
from coachway.vendors.model import BY_MONTH, Vendor
from coachway.vendors.statistics import Statistics, statistics_key


def _empty_counters(org_id: str, vendor_id: str) -> Statistics:
    return Statistics(org_id=org_id, vendor_id=vendor_id)


def _count_event(_org_id: str, event_type: str, data: Mapping[str, Any]) -> counters.Increments:
    return counters.counter_increments(event_type, data)


def _copy_counters_ops(caller: Caller, _before: Statistics | None, after: Statistics) -> Sequence[Op]:
    """The operation that copies the counters to their vendor, so that a list of vendors is one read."""
    vendor = store.find(Vendor, VENDOR.key(org=caller.org_id, id=after.vendor_id))
    return [_copy_counters_op(vendor, after.numbers)] if vendor is not None else ()


def _copy_counters_op(vendor: Vendor, numbers: Numbers) -> Op:
    changes = {"numbers": dict(numbers), "numbers_revision": vendor.numbers_revision + 1}
    return Refresh(vendor, vendor.model_copy(update=changes))


PROJECTION: Final = CounterProjection(
    "vendor-statistics", empty=_empty_counters, increments=_count_event, extra_ops=_copy_counters_ops
)
CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(counters.COUNTERS, PROJECTION.consume)


def rebuild_statistics(org_id: str) -> int:
    """Rebuild the counters of an organization's vendors from its events; returns how many. Raises Conflict."""
    count = PROJECTION.rebuild(org_id)
    caller = Caller.system(PROJECTION.name, org_id)
    for vendor in iterate_by_month(Vendor, BY_MONTH, org_id):
        retry_on_conflict(partial(restore_copy, caller, vendor.id))()
    return count


def restore_copy(caller: Caller, vendor_id: str) -> None:
    """Copy the counters to a vendor whose copy is missing or differs."""
    vendor_key, counters_key = VENDOR.key(org=caller.org_id, id=vendor_id), statistics_key(caller.org_id, vendor_id)
    batch = store.batch_get([vendor_key, counters_key])
    vendor, stored = batch.find(Vendor, vendor_key), batch.find(Statistics, counters_key)
    numbers = stored.numbers if stored is not None else {}
    if vendor is not None and vendor.numbers != numbers:
        store.commit(caller, _copy_counters_op(vendor, numbers))
