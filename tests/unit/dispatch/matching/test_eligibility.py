"""Which drivers and vehicles may take a trip, and every reason against it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.bookings.charters.model import Charter
from coachway.compliance.rules import REQUIRED, DocumentCompliance, DocumentType, SubjectType
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import estimate_travel_time
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.matching import eligibility, trip_plan
from coachway.dispatch.matching.eligibility import TripRequirements, VehicleFacts
from coachway.dispatch.matching.eligibility_reasons import Rule
from coachway.fleet.availability import Availability
from coachway.hours.model import CarrierRuleset
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY
from tests.unit.dispatch.matching_builders import (
    ATLANTIC_CITY,
    BOSTON,
    COMPLIANT,
    HOUR,
    HOURS_RULES,
    NOW,
    PICKUP_AT,
    VENDOR_ID,
    block_params,
    create_block,
    create_blocks,
    create_charter,
    create_driver_facts,
    create_requirements,
    create_vehicle,
    evaluate,
    list_rules,
)


def test_evaluate_driver_rested_and_compliant_returns_no_reasons() -> None:
    evaluation = evaluate(create_driver_facts())
    assert evaluation.reasons == []
    assert evaluation.remaining is not None
    assert (evaluation.remaining.drive, evaluation.remaining.cycle) == (7 * HOUR, 67 * HOUR)
    assert evaluation.earliest_legal_at == PICKUP_AT


def test_evaluate_driver_returns_the_violated_rule() -> None:
    vacation = Availability.model_validate(
        {"exceptions": [{"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00"}]}
    )
    incomplete = COMPLIANT.model_copy(update={"missing": [DocumentType.MEDICAL_CERTIFICATE]})
    for facts, rule in (
        (create_driver_facts(status="on_leave"), Rule.STATUS),
        (create_driver_facts(availability=vacation), Rule.AVAILABILITY),
        (create_driver_facts(create_block(PICKUP_AT + HOUR, 3)), Rule.OVERLAP),
        (create_driver_facts(license_class="C"), Rule.LICENSE),
        (create_driver_facts(endorsements=[]), Rule.LICENSE),
        (create_driver_facts(license_expires=date(2027, 3, 2)), Rule.LICENSE),
        (create_driver_facts(compliance=incomplete), Rule.COMPLIANCE),
        (create_driver_facts(vendor_id=VENDOR_ID), Rule.VENDOR),
        (create_driver_facts(create_block(PICKUP_AT - 9 * HOUR, 8)), Rule.HOURS_OF_SERVICE),
        (create_driver_facts(created_at=PICKUP_AT - HOUR, duty_statement=None), Rule.HOURS_OF_SERVICE),
    ):
        assert list_rules(evaluate(facts).reasons) == [rule]


def test_vehicle_reasons_returns_every_violated_rule() -> None:
    requirements = create_requirements(amenities=["wheelchair-lift", "wifi", "restroom"])
    suitable = create_vehicle(amenities=["wifi", "restroom"], is_ada_compliant=True)
    assert eligibility.vehicle_reasons(VehicleFacts(suitable, COMPLIANT, []), requirements) == []
    unsuitable = create_vehicle(vehicle_class="minibus", capacity=39, status="out_of_service", vendor_id=VENDOR_ID)
    incomplete = COMPLIANT.model_copy(update={"missing": [DocumentType.VEHICLE_REGISTRATION]})
    block = create_block(PICKUP_AT, 1)
    reasons = eligibility.vehicle_reasons(VehicleFacts(unsuitable, incomplete, [block]), requirements)
    assert list_rules(reasons) == [
        Rule.VENDOR,
        Rule.STATUS,
        Rule.VEHICLE_CLASS,
        Rule.CAPACITY,
        Rule.EQUIPMENT,
        Rule.EQUIPMENT,
        Rule.OVERLAP,
        Rule.COMPLIANCE,
    ]
    assert reasons[6].conflicting_assignment_id == block.assignment_id


def test_evaluate_driver_with_64_hours_in_the_cycle_allows_six_more() -> None:
    # Eight days count: the seven before the trip, and the day of the trip itself.
    week = [create_block(PICKUP_AT - timedelta(days=day), 64 / 7, "ON", day) for day in range(1, 8)]
    assert evaluate(create_driver_facts(*week)).reasons == []
    longer = create_charter(ends_at="2027-03-03T16:00:00-05:00").model_dump(mode="json")
    longer["stops"][1]["estimated_arrival"] = "2027-03-03T16:00:00-05:00"
    requirements = TripRequirements(
        trip_plan.build_trip_plan(Charter.model_validate_json(json.dumps(longer)), 1, HOURS_RULES), "coach", [], None
    )
    [reason] = evaluate(create_driver_facts(*week), requirements).reasons
    assert (reason.rule, reason.citation) == (Rule.HOURS_OF_SERVICE, "49 CFR 395.5(b)(2)")
    assert "cycle limit by 1 h 00 min" in reason.message


def test_evaluate_driver_uses_the_hours_rules_of_the_organization() -> None:
    before = create_block(
        PICKUP_AT - 20 * HOUR, 10.5
    )  # followed by 9.5 hours off duty: enough for passengers, not for property
    assert evaluate(create_driver_facts(before)).reasons == []
    reasons = evaluate(create_driver_facts(before), hours_rules=CarrierRuleset(US_PROPERTY)).reasons
    assert reasons
    assert all(each.citation is not None and each.citation.startswith("49 CFR 395.3") for each in reasons)
    weekly = [create_block(PICKUP_AT - timedelta(days=day), 10, "ON", day) for day in range(1, 7)]
    assert evaluate(create_driver_facts(*weekly)).reasons == []
    [reason] = evaluate(
        create_driver_facts(*weekly), hours_rules=CarrierRuleset(US_PASSENGER, daily_carrier=False)
    ).reasons
    assert reason.citation == "49 CFR 395.5(b)(1)"


def test_evaluate_driver_on_the_second_seat_counts_riding_as_duty() -> None:
    requirements = create_requirements(drivers=2)
    assert [each.riding for each in requirements.plan.duty(1)] == [True]
    evaluation = eligibility.evaluate_driver(create_driver_facts(), requirements, create_vehicle(), 1, HOURS_RULES, NOW)
    assert evaluation.reasons == []
    assert evaluation.remaining is not None
    assert (evaluation.remaining.drive, evaluation.remaining.duty) == (10 * HOUR, 12 * HOUR)


def test_evaluate_driver_counts_the_transfer_from_the_previous_block() -> None:
    previous = create_block(PICKUP_AT - 12 * HOUR, 6).model_copy(update={"dropoff_place": BOSTON})
    transfer = estimate_travel_time(BOSTON, create_requirements().plan.pickup_place)
    [reason] = evaluate(create_driver_facts(previous)).reasons
    assert reason.rule is Rule.HOURS_OF_SERVICE
    assert reason.message.startswith(
        "Rosa Delgado would exceed the drive limit by 3 h 58 min"
    )  # six hours before, five to get there, three of the trip
    assert evaluate(create_driver_facts(previous)).earliest_legal_at == previous.ends_at + transfer + 8 * HOUR
    rested = conflicts.move_block(previous, PICKUP_AT - transfer - 8 * HOUR - 6 * HOUR)
    assert evaluate(create_driver_facts(rested)).reasons == []
    # No transfer is needed when the block ends where the trip begins.
    assert (
        evaluate(
            create_driver_facts(previous.model_copy(update={"dropoff_place": create_requirements().plan.pickup_place}))
        ).reasons
        == []
    )


def test_evaluate_driver_with_a_too_long_transfer_to_the_next_block_returns_a_reason() -> None:
    later = create_block(PICKUP_AT + 11 * HOUR, 3).model_copy(update={"pickup_place": BOSTON})
    transfer = estimate_travel_time(ATLANTIC_CITY, BOSTON)
    assert 7 * HOUR < transfer < 8 * HOUR
    [reason] = evaluate(create_driver_facts(later)).reasons
    assert "on a later trip" in reason.message
    assert (
        evaluate(create_driver_facts(conflicts.move_block(later, PICKUP_AT + 3 * HOUR + transfer + 8 * HOUR))).reasons
        == []
    )


def test_reason_describe_names_the_rule_and_cites_its_source_once() -> None:
    for reason in evaluate(create_driver_facts(create_block(PICKUP_AT - 9 * HOUR, 8), license_class="C")).reasons:
        text = reason.describe()
        assert text.startswith(f"{reason.rule.replace('_', ' ')}: ")
        assert text.count("49 CFR") == 1


places = st.sampled_from([None, BOSTON, ATLANTIC_CITY])


@settings(deadline=None)
@given(block_params, places, places)
def test_evaluate_driver_at_the_earliest_legal_start_returns_no_reasons(
    params: list[tuple[int, float, str]], pickup_place: Coordinates | None, dropoff_place: Coordinates | None
) -> None:
    blocks = [
        each.model_copy(update={"pickup_place": pickup_place, "dropoff_place": dropoff_place})
        for each in create_blocks(params)
    ]
    facts, requirements = create_driver_facts(*blocks), create_requirements()
    evaluation = evaluate(facts, requirements)
    if evaluation.earliest_legal_at is None:
        return
    delay = evaluation.earliest_legal_at - PICKUP_AT
    assert delay >= timedelta()
    assert (delay == timedelta()) or evaluation.reasons
    fields = {
        name: (datetime.fromisoformat(at) + delay).isoformat()
        for name, at in (("starts_at", "2027-03-03T09:00:00-05:00"), ("ends_at", "2027-03-03T12:00:00-05:00"))
    }
    moved = create_charter(**fields).model_dump(mode="json")
    moved["stops"][0]["estimated_departure"] = fields["starts_at"]
    moved["stops"][1]["estimated_arrival"] = fields["ends_at"]
    postponed = TripRequirements(
        trip_plan.build_trip_plan(Charter.model_validate_json(json.dumps(moved)), 1, HOURS_RULES), "coach", [], None
    )
    assert evaluate(facts, postponed).reasons == []


@settings(deadline=None)
@given(block_params, st.integers(-8 * 24, 8 * 24), st.floats(0.5, 14))
def test_evaluate_driver_with_more_work_never_removes_reasons(
    params: list[tuple[int, float, str]], start: int, hours: float
) -> None:
    blocks = create_blocks(params)
    extra_block = create_block(PICKUP_AT + start * HOUR, hours, "ON", 99)
    if conflicts.list_conflicts(extra_block, blocks):
        return
    if evaluate(create_driver_facts(*blocks)).reasons and not _has_later_block(blocks, extra_block):
        assert evaluate(create_driver_facts(*blocks, extra_block)).reasons


def _has_later_block(blocks: list[DutyBlock], extra_block: DutyBlock) -> bool:
    """Whether a block after the trip may have been the reason: more work may make it illegal by itself."""
    return any(block.starts_at >= PICKUP_AT for block in [*blocks, extra_block])


def test_evaluate_driver_without_documents_returns_a_reason_for_each_required_one() -> None:
    assert REQUIRED[SubjectType.DRIVER]
    missing_all = DocumentCompliance(
        on_date=date(2027, 3, 3), is_compliant=False, missing=list(REQUIRED[SubjectType.DRIVER])
    )
    assert len(evaluate(create_driver_facts(compliance=missing_all)).reasons) == len(REQUIRED[SubjectType.DRIVER])
