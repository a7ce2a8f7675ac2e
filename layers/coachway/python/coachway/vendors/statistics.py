"""How each vendor does: numbers that a consumer keeps, and that can be counted again from the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer
from coachway.core.persistence.operations import Op, Refresh
from coachway.core.persistence.queries import iterate_by_month
from coachway.core.persistence.records import AccessPattern, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.projections import CounterProjection, CounterRecord, Numbers
from coachway.vendors import rules, statistics_counters
from coachway.vendors.model import BY_MONTH, VENDOR, Figures, Vendor, figures_of

STATISTICS = AccessPattern(
    "what is counted of a vendor",
    pk="ORG#{org}#VENDOR#{vendor}",
    sk="STATISTICS",
)
BY_RATING = AccessPattern(
    "vendors with three ratings or more, by their average in hundredths",
    index="gsi1",
    pk="ORG#{org}#VENDORS_RATED",
    sk="{rating}#{vendor}",
)


class Statistics(CounterRecord):
    """What is counted of a vendor: bids, trips, stops, ratings, and sums of ratings in half points."""

    KIND: ClassVar[str] = "vendor_statistics"

    vendor_id: str

    def key(self) -> Key:
        return STATISTICS.key(org=self.org_id, vendor=self.vendor_id)

    def indexes(self) -> Mapping[str, Key]:
        rating = self.figures().rating
        if rating is None:
            return {}
        return {"gsi1": BY_RATING.key(org=self.org_id, rating=rating_key(rating), vendor=self.vendor_id)}

    def figures(self) -> Figures:
        """What the numbers come to."""
        return figures_of(self.numbers)


class VendorStatistics(Figures):
    """A vendor's figures. Each average is of the ratings that named it; null while there is none."""

    vendor_id: str
    business_name: str
    bids_lost: int
    vehicle_condition: float | None
    driver_professionalism: float | None
    on_time_performance: float | None
    communication: float | None
    value_for_money: float | None


def rating_key(rating: float) -> str:
    """A rating as it stands in keys: `0450`."""
    return f"{round(rating * 100):04d}"


def key(org_id: str, vendor_id: str) -> Key:
    """Where a vendor's numbers lie."""
    return STATISTICS.key(org=org_id, vendor=vendor_id)


def get_figures(org_id: str, vendor_id: str) -> Figures:
    """A vendor's figures; zeros when nothing has been counted. One read."""
    record = store.find(Statistics, key(org_id, vendor_id))
    return record.figures() if record else Figures()


def load_numbers(vendors: Sequence[Vendor]) -> dict[str, Numbers]:
    """The numbers of each vendor, by its id: from its copy, or read for at most 100 vendors that have no copy yet."""
    numbers: dict[str, Numbers] = {vendor.id: vendor.numbers or {} for vendor in vendors}
    keys = {key(vendor.org_id, vendor.id): vendor.id for vendor in vendors if vendor.numbers is None}
    stored = store.find_many(Statistics, keys) if keys else {}
    return numbers | {keys[place]: record.numbers for place, record in stored.items()}


def build_statistics(vendor: Vendor, stored: Statistics | None) -> VendorStatistics:
    """A vendor's figures in full."""
    numbers = stored.numbers if stored else {}
    averages = {
        name: rules.average(numbers.get(name, 0), count) if (count := numbers.get(f"rated_{name}", 0)) else None
        for name in statistics_counters.CATEGORIES
        if name != "overall"
    }
    return VendorStatistics(
        **figures_of(numbers).model_dump(),
        **averages,
        vendor_id=vendor.id,
        business_name=vendor.business_name,
        bids_lost=numbers.get("lost", 0),
    )


def _increments(_org_id: str, event_type: str, data: Mapping[str, Any]) -> Mapping[str, Numbers]:
    return statistics_counters.counter_increments(event_type, data)


def _copy_numbers_ops(caller: Caller, _before: Statistics | None, after: Statistics) -> Sequence[Op]:
    """The operation that copies the numbers to their vendor, so that a list of vendors is one read."""
    vendor = store.find(Vendor, VENDOR.key(org=caller.org_id, id=after.vendor_id))
    return [_copy_numbers_op(vendor, after.numbers)] if vendor is not None else ()


def _copy_numbers_op(vendor: Vendor, numbers: Numbers) -> Op:
    changes = {"numbers": dict(numbers), "numbers_revision": vendor.numbers_revision + 1}
    return Refresh(vendor, vendor.model_copy(update=changes))


TALLIES: Final = CounterProjection(
    "vendor-statistics",
    empty=lambda org_id, vendor_id: Statistics(org_id=org_id, vendor_id=vendor_id),
    increments=_increments,
    extra_ops=_copy_numbers_ops,
)
CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(statistics_counters.COUNTED, TALLIES.consume)


def rebuild(org_id: str) -> int:
    """Count everything of an organization's vendors again from its events; returns of how many. Raises Conflict."""
    count = TALLIES.rebuild(org_id)
    caller = Caller.system(TALLIES.name, org_id)
    for vendor in iterate_by_month(Vendor, BY_MONTH, org_id):
        retry_on_conflict(partial(restore_copy, caller, vendor.id))()
    return count


def restore_copy(caller: Caller, vendor_id: str) -> None:
    """Copy the numbers to a vendor that has no copy of them yet, or another one."""
    head, numbers = VENDOR.key(org=caller.org_id, id=vendor_id), key(caller.org_id, vendor_id)
    batch = store.batch_get([head, numbers])
    vendor, stored = batch.find(Vendor, head), batch.find(Statistics, numbers)
    counted = stored.numbers if stored is not None else {}
    if vendor is not None and vendor.numbers != counted:
        store.commit(caller, _copy_numbers_op(vendor, counted))
