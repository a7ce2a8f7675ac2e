"""Answers whether an itinerary is legal for its drivers, and what more of them cost."""

from __future__ import annotations

from decimal import Decimal

from coachway.core.caller import Caller
from coachway.hours import itinerary, rulesets
from coachway.identity import organization_queries
from coachway.pricing import quote_service
from coachway.pricing.hours_check_schemas import ComplianceReport, ComplianceRequest, build_report
from coachway.pricing.quote_model import QuoteRequest
from coachway.pricing.rule_matching import route_of


def check_itinerary(caller: Caller, request: ComplianceRequest) -> ComplianceReport:
    """Judge an itinerary. Raises Invalid for stops that are out of order in time."""
    house = organization_queries.get(caller.org_id)
    policy = house.hours_policy
    law = rulesets.get_ruleset(request.ruleset or policy.ruleset, policy.daily_carrier)
    found = itinerary.check_itinerary(request.driven(), law)
    added = _added_price(caller, request, found.drivers_needed)
    return build_report(found, added_price=added, currency=house.currency)


def _added_price(caller: Caller, request: ComplianceRequest, needed: int | None) -> int | None:
    """What the drivers beyond the first add, in cents; None without a class of vehicle, a time, or a legal crew."""
    moments = (moment for stop in request.stops for moment in (stop.estimated_arrival, stop.estimated_departure))
    times = [moment for moment in moments if moment is not None]
    if request.vehicle_class is None or needed is None or not times:
        return None
    asked = QuoteRequest(
        client_id=request.client_id,
        vehicle_class=request.vehicle_class,
        vehicle_count=request.vehicle_count,
        miles=request.miles or Decimal(0),
        deadhead_miles=request.deadhead_miles,
        departs_at=min(times),
        timezone=request.stops[0].timezone,
        stops=len(request.stops),
        route=route_of([stop.address for stop in request.stops if stop.address]),
    )
    alone = quote_service.estimate_price(caller, asked).total
    together = quote_service.estimate_price(caller, asked.model_copy(update={"requires_second_driver": True})).total
    return (together - alone) * (needed - 1)
