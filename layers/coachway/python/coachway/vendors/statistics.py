"""Statistics of a vendor: the stored counters, and the figures that the API returns."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from coachway.core import store
from coachway.core.event_counters import CounterRecord, Numbers
from coachway.core.persistence.records import AccessPattern, Key
from coachway.vendors import rules
from coachway.vendors.model import Figures, Vendor, calculate_figures

STATISTICS = AccessPattern(
    "the counters of a vendor",
    pk="ORG#{org}#VENDOR#{vendor}",
    sk="STATISTICS",
)
BY_RATING = AccessPattern(
    "vendors with at least three ratings, by average in hundredths",
    index="gsi1",
    pk="ORG#{org}#VENDORS_RATED",
    sk="{rating}#{vendor}",
)


class Statistics(CounterRecord):
    """A vendor's counters: bids, trips, stops on time, ratings, and sums of ratings in half points."""

    KIND: ClassVar[str] = "vendor_statistics"

    vendor_id: str

    def key(self) -> Key:
        return STATISTICS.key(org=self.org_id, vendor=self.vendor_id)

    def indexes(self) -> Mapping[str, Key]:
        rating = self.figures().rating
        if rating is None:
            return {}
        return {"gsi1": BY_RATING.key(org=self.org_id, rating=format_rating_key(rating), vendor=self.vendor_id)}

    def figures(self) -> Figures:
        """The figures that the counters result in."""
        return calculate_figures(self.numbers)


class VendorStatistics(Figures):
    """A vendor's figures in full. An average is null if no rating has its category."""

    vendor_id: str
    business_name: str
    bids_lost: int
    vehicle_condition: float | None
    driver_professionalism: float | None
    on_time_performance: float | None
    communication: float | None
    value_for_money: float | None


def format_rating_key(rating: float) -> str:
    """A rating as part of a sort key: 4.5 is `0450`."""
    return f"{round(rating * 100):04d}"


def statistics_key(org_id: str, vendor_id: str) -> Key:
    """The key of a vendor's counters."""
    return STATISTICS.key(org=org_id, vendor=vendor_id)


def load_numbers(vendors: Sequence[Vendor]) -> dict[str, Numbers]:
    """Return the counters of each vendor by id: its copy, or the stored counters if it has no copy yet.

    Reads the stored counters of at most 100 vendors.
    """
    numbers: dict[str, Numbers] = {vendor.id: vendor.numbers or {} for vendor in vendors}
    keys = {statistics_key(vendor.org_id, vendor.id): vendor.id for vendor in vendors if vendor.numbers is None}
    stored = store.find_many(Statistics, keys) if keys else {}
    return numbers | {keys[key]: record.numbers for key, record in stored.items()}


def build_statistics(vendor: Vendor, stored: Statistics | None) -> VendorStatistics:
    """Convert a vendor's counters for the API."""
    counters = stored.numbers if stored else {}
    averages = {
        category: rules.calculate_average_rating(counters.get(category, 0), count)
        if (count := counters.get(f"rated_{category}", 0))
        else None
        for category in rules.RATING_CATEGORIES
        if category != "overall"
    }
    return VendorStatistics(
        **calculate_figures(counters).model_dump(),
        **averages,
        vendor_id=vendor.id,
        business_name=vendor.business_name,
        bids_lost=counters.get("lost", 0),
    )
