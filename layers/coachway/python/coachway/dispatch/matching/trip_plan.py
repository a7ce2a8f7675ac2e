"""The plan of a trip for one vehicle and its crew: times, stops and duties. Pure: no clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coachway.bookings.charters import trip_times
from coachway.bookings.charters.model import Charter
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.diaries.model import DutyBlock
from coachway.hours import itinerary
from coachway.hours.model import CarrierRuleset, DutyStatus, Segment
from coachway.hours.trip import build_driven_legs, build_legs
from coachway.identity.model.organization import ReportTimes


@dataclass(frozen=True, slots=True)
class TripPlan:
    """The plan for one vehicle of a charter and its crew. Times are in UTC; the duty is from garage to garage.

    The times of `stops` are those of the timetable. The drop-off and the duties take as long as the miles need.
    """

    charter_id: str
    number: str
    starts_at: datetime
    leaves_at: datetime | None
    """Leaving the garage, if an inspection comes before it."""
    spot_at: datetime | None
    """When the vehicle must stand at the first stop, if that is before the departure."""
    ends_at: datetime
    pickup_at: datetime
    dropoff_at: datetime
    stops: list[AssignmentStop]
    duties: list[list[Segment]] | None
    """By driver; None when the driving times are unknown."""
    passengers: int
    last_day: date
    """In the time zone of the first stop."""
    timezone: str

    @property
    def pickup_place(self) -> Coordinates | None:
        """Where the first stop is."""
        return self.stops[0].place

    @property
    def dropoff_place(self) -> Coordinates | None:
        """Where the last stop is."""
        return self.stops[-1].place

    def duty(self, seat: int) -> list[Segment]:
        """The planned duty of the driver on a seat, counted from 0."""
        return self.duties[seat] if self.duties else []

    def build_duty_block(self, assignment_id: str, seat: int | None = None) -> DutyBlock:
        """Build the block for the diary of the driver on a seat; without a seat, for the vehicle's diary."""
        return DutyBlock(
            assignment_id=assignment_id,
            charter_id=self.charter_id,
            number=self.number,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            leaves_at=self.leaves_at,
            pickup_at=self.spot_at or self.pickup_at,
            dropoff_at=self.dropoff_at,
            pickup_place=self.pickup_place,
            dropoff_place=self.dropoff_place,
            duty=[] if seat is None else self.duty(seat),
        )


def build_trip_plan(
    charter: Charter,
    drivers: int,
    hours_rules: CarrierRuleset,
    takeover_at: datetime | None = None,
    report_times: ReportTimes | None = None,
    *,
    vehicle_number: int = 1,
) -> TripPlan:
    """Build the plan for one vehicle of a charter with a number of drivers. `report_times` are those of this vehicle.

    `takeover_at` is when the crew takes over a trip that is under way; their duty starts then. Raises Invalid when the
    times of the stops are out of order.
    """
    trip = trip_times.build_hours_trip(charter, charter.stops, charter.road_legs)
    times = report_times or ReportTimes()
    spot, inspection = timedelta(minutes=times.spot_minutes), timedelta(minutes=times.inspection_minutes)
    trip = trip.model_copy(update={"drivers": drivers, "spot": spot, "inspection": inspection})
    duties = itinerary.plan_duties(trip, hours_rules)
    pickup_at, dropoff_at = charter.starts_at.astimezone(UTC), charter.ends_at.astimezone(UTC)
    segments = [segment for duty in duties or [] for segment in duty]
    spot_at = pickup_at - spot
    starts_at = min([spot_at - inspection, *(segment.start for segment in segments)])
    leaves_at = starts_at + inspection
    ends_at = max([dropoff_at, *(segment.end for segment in segments)])
    if takeover_at is not None:
        starts_at = max(starts_at, takeover_at.astimezone(UTC))
        ends_at = max(ends_at, starts_at)
    passenger_trip = trip.between_stops
    route, driven = build_legs(passenger_trip), build_driven_legs(passenger_trip)
    if driven:
        dropoff_at = max(dropoff_at, driven[-1].arrives)
    arrivals = [None, *(leg.arrives for leg in route)] if route else [stop.estimated_arrival for stop in charter.stops]
    departures = [leg.departs for leg in route] if route else [stop.estimated_departure for stop in charter.stops[:-1]]
    stops = [
        AssignmentStop(
            stop_type=stop.stop_type,
            address=stop.address,
            latitude=stop.latitude,
            longitude=stop.longitude,
            timezone=stop.timezone or charter.timezone,
            arrival=arrives or stop.estimated_arrival,
            departure=departs,
        )
        for stop, arrives, departs in zip(charter.stops, arrivals, [*departures, None], strict=True)
    ]
    return TripPlan(
        charter_id=charter.id,
        number=charter.number,
        starts_at=starts_at,
        leaves_at=leaves_at if starts_at < leaves_at else None,
        spot_at=max(spot_at, starts_at) if max(spot_at, starts_at) < pickup_at else None,
        ends_at=ends_at,
        pickup_at=max(pickup_at, starts_at),
        dropoff_at=max(dropoff_at, starts_at),
        stops=stops,
        duties=None if duties is None else [fill_gaps(duty, starts_at, ends_at) for duty in duties],
        passengers=charter.get_passengers_per_vehicle(charter.get_vehicle_class(vehicle_number)),
        last_day=charter.last_day,
        timezone=charter.timezone,
    )


def fill_gaps(duty: Sequence[Segment], start: datetime, end: datetime) -> list[Segment]:
    """Fill the gaps of a duty from `start` to `end`: off duty between and before the segments, on duty at the end."""
    segments: list[Segment] = []
    position = start
    for segment in duty:
        segment_start, segment_end = max(segment.start, start), min(segment.end, end)
        if segment_start >= segment_end:
            continue
        if position < segment_start:
            segments.append(Segment(start=position, end=segment_start, status=DutyStatus.OFF))
        segments.append(segment.model_copy(update={"start": segment_start, "end": segment_end}))
        position = segment_end
    if position < end:
        segments.append(Segment(start=position, end=end, status=DutyStatus.ON))
    return segments
