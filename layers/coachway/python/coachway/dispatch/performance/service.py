"""Performance of drivers: counters updated by a consumer, which can be rebuilt from the events."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer
from coachway.core.event_counters import CounterProjection, CounterRecord, Numbers
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import AccessPattern, Key
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.performance import counters
from coachway.fleet.access_checks import require_own_driver
from coachway.fleet.model import Driver
from coachway.fleet.resource_ops import set_rating_op
from coachway.vendors.rules import calculate_average_rating, calculate_percentage, calculate_usable_rating

PERFORMANCE = AccessPattern(
    "the performance counters of a driver",
    pk="ORG#{org}#DRIVER#{driver}",
    sk="PERFORMANCE",
)


class Performance(CounterRecord):
    """A driver's counters: offers and answers, stops on time, trips, and ratings in half points."""

    KIND: ClassVar[str] = "driver_performance"

    driver_id: str

    def key(self) -> Key:
        return PERFORMANCE.key(org=self.org_id, driver=self.driver_id)

    @property
    def rating(self) -> float | None:
        """The average that assignment uses: None until there are three ratings."""
        return calculate_usable_rating(self.numbers.get("rated", 0), self.numbers.get("ratings", 0))


class DriverPerformance(BaseSchema):
    """A driver's performance. Trips with two drivers count for both."""

    driver_id: str
    driver_name: str
    offered: int
    accepted: int
    declined: int
    released: int
    acceptance_percentage: Annotated[
        float | None, Field(description="Accepted offers in percent of answered ones; null if there are none.")
    ]
    completed_trips: int
    measured_stops: Annotated[int, Field(description="First departures, and arrivals, that had a planned time.")]
    on_time_percentage: Annotated[
        float | None, Field(description="Percentage of `measured_stops` at most 5 minutes late.")
    ]
    delay_alarms: int
    hours_violations: Annotated[int, Field(description="How often the driver exceeded a limit of 49 CFR part 395.")]
    total_ratings: Annotated[int, Field(description="Ratings of charters driven for a vendor.")]
    average_rating: float
    rating: Annotated[
        float | None, Field(description="The average that assignment uses; null until there are three ratings.")
    ]


def get_performance(caller: Caller, driver_id: str) -> DriverPerformance:
    """Get a driver's performance. Raises NotFound, also when another driver asks for it. One read."""
    require_own_driver(caller, driver_id)
    driver_key, counters_key = (
        DRIVER.key(org=caller.org_id, id=driver_id),
        _empty_counters(caller.org_id, driver_id).key(),
    )
    batch = store.batch_get([driver_key, counters_key])
    driver = batch.get(Driver, driver_key)
    return build_view(driver, batch.find(Performance, counters_key) or _empty_counters(caller.org_id, driver_id))


def build_view(driver: Driver, performance: Performance) -> DriverPerformance:
    """Convert a driver's counters for the API."""
    number = performance.numbers.get
    accepted, declined = number("accepted", 0), number("declined", 0)
    return DriverPerformance(
        driver_id=driver.id,
        driver_name=driver.name,
        offered=number("offered", 0),
        accepted=accepted,
        declined=declined,
        released=number("released", 0),
        acceptance_percentage=calculate_percentage(accepted, accepted + declined),
        completed_trips=number("completed", 0),
        measured_stops=number("judged_on_time", 0),
        on_time_percentage=calculate_percentage(number("on_time", 0), number("judged_on_time", 0)),
        delay_alarms=number("late_risks", 0),
        hours_violations=number("hours_exceeded", 0),
        total_ratings=number("ratings", 0),
        average_rating=calculate_average_rating(number("rated", 0), number("ratings", 0)),
        rating=performance.rating,
    )


def _empty_counters(org_id: str, driver_id: str) -> Performance:
    return Performance(org_id=org_id, driver_id=driver_id)


def _count_event(org_id: str, event_type: str, data: Mapping[str, Any]) -> Mapping[str, Numbers]:
    @cache
    def list_drivers_of_charter(charter_id: str) -> Sequence[str]:
        completed = [
            assignment
            for assignment in repository.list_by_charter(org_id, charter_id)
            if assignment.status is AssignmentStatus.COMPLETED
        ]
        return list(dict.fromkeys(driver_id for assignment in completed for driver_id in assignment.crew))

    return counters.counter_increments(event_type, data, list_drivers_of_charter)


def _update_rating_ops(caller: Caller, before: Performance | None, after: Performance) -> Sequence[Op]:
    """Return the operation that stores a changed rating in the driver's record, for automatic assignment."""
    if after.rating is None or (before is not None and before.rating == after.rating):
        return ()
    driver = store.find(Driver, DRIVER.key(org=caller.org_id, id=after.driver_id))
    return [set_rating_op(driver, after.rating)] if driver is not None else ()


PROJECTION: Final = CounterProjection(
    "driver-performance", empty=_empty_counters, increments=_count_event, extra_ops=_update_rating_ops
)
CONSUMERS: Final[Mapping[str, Consumer]] = dict.fromkeys(counters.COUNTERS, PROJECTION.consume)


def rebuild(org_id: str) -> int:
    """Rebuild the counters of an organization's drivers from its events; returns how many. Raises Conflict."""
    return PROJECTION.rebuild(org_id)
