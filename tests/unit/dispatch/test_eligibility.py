"""Who may drive what, and everything that is in the way: the pure rules, and what must hold of them always."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.bookings.charters.model import CHARTER_EXAMPLE, Charter, CharterQuote
from coachway.compliance.rules import REQUIRED, ComplianceStatus, DocumentType, SubjectType
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import travel_time
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.matching import eligibility, scoring, trip_plan
from coachway.dispatch.matching.eligibility import DriverCase, DriverEvaluation, TripRequirements, VehicleCase
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Availability, Driver, Vehicle
from coachway.hours.model import Law, Segment, Status
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY

LAW = Law(US_PASSENGER)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
TWO = datetime(2027, 3, 3, 14, tzinfo=UTC)
H = timedelta(hours=1)
VENDOR = "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
IN_ORDER = ComplianceStatus(on_date=date(2027, 3, 3), is_compliant=True)


def charter(**fields: Any) -> Charter:
    """The canonical one: New York to Atlantic City from nine to noon, on a Wednesday."""
    quote = CharterQuote(id="quo_1", lines=[], subtotal=0, discount=0, tax=0, total=0, currency="USD")
    example: dict[str, Any] = dict(CHARTER_EXAMPLE)
    stops = [{**stop, "timezone": "America/New_York"} for stop in example["stops"]]
    return Charter.model_validate(
        {
            **example,
            "id": "chr_1",
            "org_id": "org_1",
            "number": "CH-2027-000001",
            "timezone": "America/New_York",
            "trip_date": "2027-03-03",
            "starts_at": "2027-03-03T09:00:00-05:00",
            "ends_at": "2027-03-03T12:00:00-05:00",
            "quote": quote,
            "stops": stops,
            **fields,
        }
    )


def wanted(vendor_id: str | None = None, drivers: int = 1, **fields: Any) -> TripRequirements:
    asked = charter(**fields)
    plan = trip_plan.build_trip_plan(asked, drivers, LAW)
    return TripRequirements(plan, asked.vehicle_class, asked.amenities, vendor_id)


def driver(**fields: Any) -> Driver:
    known = {"id": "drv_1", "org_id": "org_1", "user_id": "usr_1", "timezone": "America/New_York"}
    return Driver(**{**DRIVER_EXAMPLE, **known, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


def vehicle(**fields: Any) -> Vehicle:
    return Vehicle(**{**VEHICLE_EXAMPLE, "id": "veh_1", "org_id": "org_1", **fields})


def case(*jobs: DutyBlock, standing: ComplianceStatus | None = IN_ORDER, **fields: Any) -> DriverCase:
    return DriverCase(driver(**fields), standing, jobs, {})


def busy(starts_at: datetime, hours: float, status: str = "D", number: int = 1) -> DutyBlock:
    """A job of nothing but this, where nobody knows."""
    end = starts_at + hours * H
    return DutyBlock(
        assignment_id=f"asg_{number}",
        charter_id="chr_2",
        number="CH-2027-000002",
        starts_at=starts_at,
        ends_at=end,
        pickup_at=starts_at,
        dropoff_at=end,
        duty=[Segment(start=starts_at, end=end, status=Status(status))],
    )


def judged(of: DriverCase, what: TripRequirements | None = None, law: Law = LAW) -> DriverEvaluation:
    return eligibility.evaluate_driver(of, what or wanted(), vehicle(), 0, law, NOW)


def rules_of(reasons: list[Reason]) -> list[Rule]:
    return [each.rule for each in reasons]


def test_a_rested_driver_with_all_papers_may_drive() -> None:
    found = judged(case())
    assert found.reasons == []
    assert found.remaining is not None
    assert (found.remaining.drive, found.remaining.cycle) == (7 * H, 67 * H)
    assert found.earliest_legal_at == TWO


def test_each_rule_is_named() -> None:
    away = Availability.model_validate(
        {"exceptions": [{"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00"}]}
    )
    lacking = IN_ORDER.model_copy(update={"missing": [DocumentType.MEDICAL_CERTIFICATE]})
    for found, rule in (
        (case(status="on_leave"), Rule.STATUS),
        (case(availability=away), Rule.AVAILABILITY),
        (case(busy(TWO + H, 3)), Rule.OVERLAP),
        (case(license_class="C"), Rule.LICENSE),
        (case(endorsements=[]), Rule.LICENSE),
        (case(license_expires=date(2027, 3, 2)), Rule.LICENSE),
        (case(standing=lacking), Rule.COMPLIANCE),
        (case(standing=None), Rule.COMPLIANCE),
        (case(vendor_id=VENDOR), Rule.VENDOR),
        (case(busy(TWO - 9 * H, 8)), Rule.HOURS_OF_SERVICE),
        (case(created_at=TWO - H, duty_statement=None), Rule.HOURS_OF_SERVICE),
    ):
        assert rules_of(judged(found).reasons) == [rule]


def test_a_vehicle_must_be_in_service_of_the_class_large_enough_equipped_free_and_in_order() -> None:
    what = wanted(amenities=["wheelchair-lift", "wifi", "restroom"])
    fine = vehicle(amenities=["wifi", "restroom"], is_ada_compliant=True)
    assert eligibility.vehicle_reasons(VehicleCase(fine, IN_ORDER, []), what) == []
    poor = vehicle(vehicle_class="minibus", capacity=39, status="out_of_service", vendor_id=VENDOR)
    job = busy(TWO, 1)
    found = eligibility.vehicle_reasons(VehicleCase(poor, None, [job]), what)
    assert rules_of(found) == [
        Rule.VENDOR,
        Rule.STATUS,
        Rule.VEHICLE_CLASS,
        Rule.CAPACITY,
        Rule.EQUIPMENT,
        Rule.EQUIPMENT,
        Rule.OVERLAP,
        Rule.COMPLIANCE,
    ]
    assert found[6].clash_with == job.assignment_id


def test_passengers_are_shared_by_the_vehicles() -> None:
    what = wanted(passengers=81, vehicle_count=2)
    assert what.plan.passengers == 41
    assert rules_of(eligibility.vehicle_reasons(VehicleCase(vehicle(capacity=40), IN_ORDER, []), what)) == [
        Rule.CAPACITY
    ]


def test_sixty_four_hours_on_duty_leave_six() -> None:
    # Eight hours on each of eight days: the seven before the trip count with its own.
    week = [busy(TWO - timedelta(days=day), 64 / 7, "ON", day) for day in range(1, 8)]
    assert judged(case(*week)).reasons == []
    long = charter(ends_at="2027-03-03T16:00:00-05:00").model_dump(mode="json")
    long["stops"][1]["estimated_arrival"] = "2027-03-03T16:00:00-05:00"
    what = TripRequirements(trip_plan.build_trip_plan(Charter.model_validate(long), 1, LAW), "coach", [], None)
    [reason] = judged(case(*week), what).reasons
    assert (reason.rule, reason.citation) == (Rule.HOURS_OF_SERVICE, "49 CFR 395.5(b)(2)")
    assert "cycle limit by 1 h 00 min" in reason.message


def test_an_organization_s_rules_are_those_that_count() -> None:
    before = busy(TWO - 20 * H, 10.5)  # then 9.5 hours off: enough with passengers, not with property
    assert judged(case(before)).reasons == []
    found = judged(case(before), law=Law(US_PROPERTY)).reasons
    assert found
    assert all(each.citation is not None and each.citation.startswith("49 CFR 395.3") for each in found)
    weekly = [busy(TWO - timedelta(days=day), 10, "ON", day) for day in range(1, 7)]
    assert judged(case(*weekly)).reasons == []
    [reason] = judged(case(*weekly), law=Law(US_PASSENGER, daily_carrier=False)).reasons
    assert reason.citation == "49 CFR 395.5(b)(1)"


def test_a_second_driver_rides_along_and_that_is_duty() -> None:
    what = wanted(drivers=2)
    assert [each.riding for each in what.plan.duty(1)] == [True]
    found = eligibility.evaluate_driver(case(), what, vehicle(), 1, LAW, NOW)
    assert found.reasons == []
    assert found.remaining is not None
    assert (found.remaining.drive, found.remaining.duty) == (10 * H, 12 * H)


def test_who_takes_over_under_way_is_judged_by_what_is_left() -> None:
    plan = trip_plan.build_trip_plan(charter(), 1, LAW, TWO + 2 * H)
    assert (plan.starts_at, plan.duty(0)[0].start, plan.duty(0)[-1].end) == (TWO + 2 * H, TWO + 2 * H, TWO + 3 * H)


def test_the_way_to_the_garage_is_duty() -> None:
    plan = trip_plan.build_trip_plan(charter(deadhead_miles=100), 1, LAW)
    assert (plan.starts_at, plan.pickup_at) == (TWO - H, TWO)
    assert plan.ends_at - plan.dropoff_at == H


BOSTON = Coordinates(42.3601, -71.0589)
ATLANTIC_CITY = Coordinates(39.3560, -74.4310)


def test_the_way_from_the_job_before_is_driven_too() -> None:
    before = busy(TWO - 12 * H, 6).model_copy(update={"finishes": BOSTON})
    took = travel_time(BOSTON, wanted().plan.begins)
    [reason] = judged(case(before)).reasons
    assert reason.rule is Rule.HOURS_OF_SERVICE
    assert reason.message.startswith("Rosa Delgado would exceed the drive limit by 3 h 58 min")  # six, five and three
    assert judged(case(before)).earliest_legal_at == before.ends_at + took + 8 * H
    rested = conflicts.move_block(before, TWO - took - 8 * H - 6 * H)
    assert judged(case(rested)).reasons == []
    # Where it ends in the place that the trip begins at, there is no way.
    assert judged(case(before.model_copy(update={"finishes": wanted().plan.begins}))).reasons == []


def test_a_trip_after_which_the_way_to_the_next_job_is_too_long_to_drive_is_refused() -> None:
    later = busy(TWO + 11 * H, 3).model_copy(update={"begins": BOSTON})
    took = travel_time(ATLANTIC_CITY, BOSTON)
    assert 7 * H < took < 8 * H
    [reason] = judged(case(later)).reasons
    assert "on a later trip" in reason.message
    assert judged(case(conflicts.move_block(later, TWO + 3 * H + took + 8 * H))).reasons == []


def test_every_reason_says_its_rule_and_its_source_once() -> None:
    for reason in judged(case(busy(TWO - 9 * H, 8), license_class="C")).reasons:
        said = reason.describe()
        assert said.startswith(f"{reason.rule.replace('_', ' ')}: ")
        assert said.count("49 CFR") == 1


days_of_work = st.lists(
    st.tuples(st.integers(-8 * 24, 8 * 24), st.floats(0.5, 14), st.sampled_from(["D", "ON"])), max_size=8
)
places = st.sampled_from([None, BOSTON, ATLANTIC_CITY])


def _jobs(drawn: list[tuple[int, float, str]]) -> list[DutyBlock]:
    """Jobs that do not overlap each other."""
    found: list[DutyBlock] = []
    for number, (start, hours, status) in enumerate(drawn):
        job = busy(TWO + start * H, hours, status, number)
        if not conflicts.list_clashes(job, found):
            found.append(job)
    return found


@settings(deadline=None)
@given(days_of_work, places, places)
def test_when_a_trip_is_put_off_to_the_earliest_legal_moment_nothing_is_in_the_way(
    drawn: list[tuple[int, float, str]], begins: Coordinates | None, finishes: Coordinates | None
) -> None:
    jobs = [each.model_copy(update={"begins": begins, "finishes": finishes}) for each in _jobs(drawn)]
    of, what = case(*jobs), wanted()
    found = judged(of, what)
    if found.earliest_legal_at is None:
        return
    later = found.earliest_legal_at - TWO
    assert later >= timedelta()
    assert (later == timedelta()) or found.reasons
    fields = {
        name: (datetime.fromisoformat(at) + later).isoformat()
        for name, at in (("starts_at", "2027-03-03T09:00:00-05:00"), ("ends_at", "2027-03-03T12:00:00-05:00"))
    }
    moved = charter(**fields).model_dump(mode="json")
    moved["stops"][0]["estimated_departure"] = fields["starts_at"]
    moved["stops"][1]["estimated_arrival"] = fields["ends_at"]
    put_off = TripRequirements(trip_plan.build_trip_plan(Charter.model_validate(moved), 1, LAW), "coach", [], None)
    assert judged(of, put_off).reasons == []


@settings(deadline=None)
@given(days_of_work, st.integers(-8 * 24, 8 * 24), st.floats(0.5, 14))
def test_more_work_never_makes_a_trip_legal(drawn: list[tuple[int, float, str]], start: int, hours: float) -> None:
    jobs = _jobs(drawn)
    more = busy(TWO + start * H, hours, "ON", 99)
    if conflicts.list_clashes(more, jobs):
        return
    if judged(case(*jobs)).reasons and not _rest_changed(jobs, more):
        assert judged(case(*jobs, more)).reasons


def _rest_changed(jobs: list[DutyBlock], more: DutyBlock) -> bool:
    """Whether a later job was in the way only because it would have been spoilt: it may be spoilt anyway now."""
    return any(job.starts_at >= TWO for job in [*jobs, more])


@settings(deadline=None)
@given(days_of_work, st.floats(1, 5) | st.none(), st.floats(-80, 80), st.floats(-179, 179))
def test_the_parts_of_a_score_add_up_within_their_bounds(
    drawn: list[tuple[int, float, str]], rating: float | None, latitude: float, longitude: float
) -> None:
    of = case(*_jobs(drawn), rating=rating, home_latitude=latitude, home_longitude=longitude)
    found = judged(of)
    if found.remaining is None:
        return
    score = scoring.score_driver(of, wanted().plan, found.remaining, LAW)
    assert 0 <= score.distance <= scoring.DISTANCE_POINTS
    assert 0 <= score.hours_left <= scoring.HOURS_LEFT_POINTS
    assert 0 <= score.rating <= scoring.RATING_POINTS
    assert 0 <= score.balance <= scoring.BALANCE_POINTS
    assert abs(score.total - (score.distance + score.hours_left + score.rating + score.balance)) < 0.01


def test_all_required_papers_of_drivers_and_vehicles_are_looked_for() -> None:
    assert REQUIRED[SubjectType.DRIVER]
    nothing = ComplianceStatus(on_date=date(2027, 3, 3), is_compliant=False, missing=list(REQUIRED[SubjectType.DRIVER]))
    assert len(judged(case(standing=nothing)).reasons) == len(REQUIRED[SubjectType.DRIVER])
