"""How each vendor does: numbers that a consumer keeps, and that can be counted again from the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from pydantic import Field

from coachway.core import errors, journal, store
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.model import AccessPattern, Key, Record
from coachway.core.ops import CONSUMED, AlreadyConsumed, Create, Once, Op, Update
from coachway.core.retrying import after_lost_races
from coachway.vendors import counting, rules
from coachway.vendors.model import Figures, Vendor, figures_of

_TOGETHER: Final = 90

STATISTICS = AccessPattern(
    "what is counted of a vendor",
    pk="ORG#{org}#VENDOR#{vendor}",
    sk="STATISTICS",
    used_by="vendors.statistics.of, vendors.service.profile",
)
BY_RATING = AccessPattern(
    "vendors with three ratings or more, by their average in hundredths",
    index="gsi1",
    pk="ORG#{org}#VENDORS_RATED",
    sk="{rating}#{vendor}",
    used_by="vendors.service.listed, vendors.service.top",
)


class Statistics(Record):
    """What is counted of a vendor: bids, trips, ratings, and sums of ratings in half points."""

    KIND: ClassVar[str] = "vendor_statistics"

    org_id: str
    vendor_id: str
    numbers: dict[str, int] = Field(default_factory=dict)
    through: str = ""
    """The newest event that is counted in."""

    def key(self) -> Key:
        return STATISTICS.key(org=self.org_id, vendor=self.vendor_id)

    def indexes(self) -> Mapping[str, Key]:
        rating = self.figures().rating
        if rating is None:
            return {}
        return {"gsi1": BY_RATING.key(org=self.org_id, rating=hundredths(rating), vendor=self.vendor_id)}

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


def hundredths(rating: float) -> str:
    """A rating as it stands in keys: `0450`."""
    return f"{round(rating * 100):04d}"


def key(org_id: str, vendor_id: str) -> Key:
    """Where a vendor's numbers lie."""
    return STATISTICS.key(org=org_id, vendor=vendor_id)


def of(org_id: str, vendor_id: str) -> Figures:
    """A vendor's figures; zeros when nothing has been counted. One read."""
    found = store.find(Statistics, key(org_id, vendor_id))
    return found.figures() if found else Figures()


def told(vendor: Vendor, kept: Statistics | None) -> VendorStatistics:
    """A vendor's figures in full."""
    numbers = kept.numbers if kept else {}
    averages = {
        name: rules.average(numbers.get(name, 0), count) if (count := numbers.get(f"rated_{name}", 0)) else None
        for name in counting.CATEGORIES
        if name != "overall"
    }
    return VendorStatistics(
        **figures_of(numbers).model_dump(),
        **averages,
        vendor_id=vendor.id,
        business_name=vendor.business_name,
        bids_lost=numbers.get("lost", 0),
    )


def consume(caller: Caller, delivery: Delivery) -> None:
    """Count an event in, once for each vendor that it names."""
    for vendor_id, numbers in counting.added(delivery.type, delivery.data).items():
        _count(caller, delivery.event_id, vendor_id, numbers)


CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(counting.COUNTED, consume)


def _count(caller: Caller, event_id: str, vendor_id: str, numbers: counting.Numbers) -> None:
    def count() -> None:
        before = store.find(Statistics, key(caller.org_id, vendor_id))
        known = before or Statistics(org_id=caller.org_id, vendor_id=vendor_id)
        after = known.model_copy(
            update={"numbers": counting.total(known.numbers, numbers), "through": max(known.through, event_id)}
        )
        store.commit(caller, _written(before, after), Once(_consumer(vendor_id), event_id))

    try:
        after_lost_races(count)
    except AlreadyConsumed:
        return  # of several vendors, this one had it before


def _consumer(vendor_id: str) -> str:
    return f"vendor-statistics-{vendor_id}"


def _written(before: Statistics | None, after: Statistics) -> Op:
    return Create(after, taken=errors.LostRace("counted at once")) if before is None else Update(before, after)


def rebuild(org_id: str) -> int:
    """Count everything of an organization again from its events; returns of how many vendors.

    Events that arrive meanwhile are counted once: what is counted here is marked as consumed in the same transaction.
    Raises Conflict when something newer than the events in the index is counted already.
    """
    caller = Caller.system("vendor-statistics", org_id)
    found: dict[str, dict[str, counting.Numbers]] = {}
    for event in journal.all_events(org_id):
        for vendor_id, numbers in counting.added(event.type, event.data).items():
            found.setdefault(vendor_id, {})[event.event_id] = numbers
    for vendor_id, counted in found.items():
        after_lost_races(partial(_rebuild, caller, vendor_id, counted))
    return len(found)


def _rebuild(caller: Caller, vendor_id: str, counted: Mapping[str, counting.Numbers]) -> None:
    before = store.find(Statistics, key(caller.org_id, vendor_id))
    newest = max(counted)
    if before is not None and before.through > newest:
        raise errors.Conflict("events are still arriving: try again in a moment", title="not all events are there yet")
    numbers: dict[str, int] = {}
    for each in counted.values():
        numbers = counting.total(numbers, each)
    after = Statistics(org_id=caller.org_id, vendor_id=vendor_id, numbers=numbers, through=newest)
    marks = [Once(_consumer(vendor_id), event_id) for event_id in _unmarked(caller, vendor_id, list(counted))]
    try:
        while len(marks) > _TOGETHER:
            store.commit(caller, *marks[:_TOGETHER])
            marks = marks[_TOGETHER:]
        store.commit(caller, _written(before, after), *marks)
    except AlreadyConsumed:
        raise errors.LostRace("an event was counted meanwhile") from None


def _unmarked(caller: Caller, vendor_id: str, event_ids: Sequence[str]) -> list[str]:
    """Those that the consumer has not had yet."""
    left: list[str] = []
    for start in range(0, len(event_ids), _TOGETHER):
        places = {
            event_id: CONSUMED.key(org=caller.org_id, consumer=_consumer(vendor_id), event=event_id)
            for event_id in event_ids[start : start + _TOGETHER]
        }
        had = store.gather(places.values()).kept
        left += [event_id for event_id, place in places.items() if place not in had]
    return left
