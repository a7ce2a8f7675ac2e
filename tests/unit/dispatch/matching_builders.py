"""Charters, drivers, vehicles and duty blocks for the eligibility rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from coachway.bookings.charters.model import Charter, CharterQuote
from coachway.bookings.charters.trip_model import CHARTER_EXAMPLE
from coachway.compliance.rules import DocumentCompliance
from coachway.core.types.geo import Coordinates
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.model import DutyBlock
from coachway.dispatch.matching import eligibility, trip_plan
from coachway.dispatch.matching.eligibility import DriverEvaluation, DriverFacts, TripRequirements
from coachway.dispatch.matching.eligibility_reasons import Reason, Rule
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle
from coachway.hours.model import CarrierRuleset, DutyStatus, Segment
from coachway.hours.rulesets import US_PASSENGER

HOURS_RULES = CarrierRuleset(US_PASSENGER)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PICKUP_AT = datetime(2027, 3, 3, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
VENDOR_ID = "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
COMPLIANT = DocumentCompliance(on_date=date(2027, 3, 3), is_compliant=True)


def create_charter(**fields: Any) -> Charter:
    """Create a charter from New York to Atlantic City, from nine to noon on a Wednesday."""
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


def create_requirements(vendor_id: str | None = None, drivers: int = 1, **fields: Any) -> TripRequirements:
    charter = create_charter(**fields)
    plan = trip_plan.build_trip_plan(charter, drivers, HOURS_RULES)
    return TripRequirements(plan, charter.vehicle_class, charter.amenities, vendor_id)


def create_driver(**fields: Any) -> Driver:
    defaults = {"id": "drv_1", "org_id": "org_1", "user_id": "usr_1", "timezone": "America/New_York"}
    return Driver(**{**DRIVER_EXAMPLE, **defaults, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


def create_vehicle(**fields: Any) -> Vehicle:
    return Vehicle(**{**VEHICLE_EXAMPLE, "id": "veh_1", "org_id": "org_1", **fields})


def create_driver_facts(*blocks: DutyBlock, compliance: DocumentCompliance = COMPLIANT, **fields: Any) -> DriverFacts:
    return DriverFacts(create_driver(**fields), compliance, blocks, {})


def create_block(starts_at: datetime, hours: float, status: str = "D", number: int = 1) -> DutyBlock:
    """Create a block with a single segment and unknown places."""
    end = starts_at + hours * HOUR
    return DutyBlock(
        assignment_id=f"asg_{number}",
        charter_id="chr_2",
        number="CH-2027-000002",
        starts_at=starts_at,
        ends_at=end,
        pickup_at=starts_at,
        dropoff_at=end,
        duty=[Segment(start=starts_at, end=end, status=DutyStatus(status))],
    )


def evaluate(
    facts: DriverFacts, requirements: TripRequirements | None = None, hours_rules: CarrierRuleset = HOURS_RULES
) -> DriverEvaluation:
    return eligibility.evaluate_driver(
        facts, requirements or create_requirements(), create_vehicle(), 0, hours_rules, NOW
    )


def list_rules(reasons: list[Reason]) -> list[Rule]:
    return [each.rule for each in reasons]


BOSTON = Coordinates(42.3601, -71.0589)
ATLANTIC_CITY = Coordinates(39.3560, -74.4310)
block_params = st.lists(
    st.tuples(st.integers(-8 * 24, 8 * 24), st.floats(0.5, 14), st.sampled_from(["D", "ON"])), max_size=8
)


def create_blocks(params: list[tuple[int, float, str]]) -> list[DutyBlock]:
    """Create blocks that do not conflict with each other."""
    evaluation: list[DutyBlock] = []
    for number, (start, hours, status) in enumerate(params):
        block = create_block(PICKUP_AT + start * HOUR, hours, status, number)
        if not conflicts.list_conflicts(block, evaluation):
            evaluation.append(block)
    return evaluation
