"""Checks whether an itinerary is legal for its drivers, and prices additional drivers."""

from decimal import Decimal

from coachway.core import client_reference
from coachway.core.caller import Caller
from coachway.hours import itinerary, rulesets
from coachway.identity import organization_queries
from coachway.pricing import quote_service
from coachway.pricing.hours_checks.schemas import HoursCheckReport, HoursCheckRequest, build_report
from coachway.pricing.quote_model import QuoteRequest
from coachway.pricing.rule_matching import derive_route


def check_itinerary(caller: Caller, request: HoursCheckRequest) -> HoursCheckReport:
    """Check an itinerary. Raises NotFound for an unknown client, Invalid for times out of order."""
    client_reference.require_client(caller.org_id, request.client_id)
    organization = organization_queries.get_organization(caller.org_id)
    policy = organization.hours_policy
    ruleset = rulesets.get_carrier_ruleset(request.ruleset or policy.ruleset, policy.daily_carrier)
    compliance = itinerary.check_itinerary(request.to_hours_trip(), ruleset)
    added_price = _calculate_added_price(caller, request, compliance.drivers_needed)
    timezone = request.stops[0].timezone or organization.timezone
    return build_report(compliance, timezone=timezone, added_price=added_price, currency=organization.currency)


def _calculate_added_price(caller: Caller, request: HoursCheckRequest, drivers_needed: int | None) -> int | None:
    """The price of additional drivers in cents; None without a vehicle class, a time or a legal crew."""
    quote_request = build_quote_request(request)
    if quote_request is None or drivers_needed is None:
        return None
    price_with_one = quote_service.estimate_price(caller, quote_request).total
    price_with_two = quote_service.estimate_price(
        caller, quote_request.model_copy(update={"requires_second_driver": True})
    ).total
    return (price_with_two - price_with_one) * (drivers_needed - 1)


def build_quote_request(request: HoursCheckRequest) -> QuoteRequest | None:
    """The request for the price of the itinerary; None without a vehicle class or a time."""
    stop_times = (time for stop in request.stops for time in (stop.estimated_arrival, stop.estimated_departure))
    times = [time for time in stop_times if time is not None]
    if request.vehicle_class is None or not times:
        return None
    return QuoteRequest(
        client_id=request.client_id,
        vehicle_class=request.vehicle_class,
        vehicle_count=request.vehicle_count,
        miles=request.miles or Decimal(0),
        deadhead_miles=request.deadhead_miles,
        departs_at=min(times),
        timezone=request.stops[0].timezone,
        stops=len(request.stops),
        route=derive_route([stop.address for stop in request.stops if stop.address]),
    )
