"""Hypothesis strategies of rules, trips and promo codes."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import WEEKDAYS, PricingRule
from tests.unit.pricing.builders import ACME, OTHER, build_rule, flat_fee, requested_promo

_ROUTE = "here>there"
_AMOUNTS = st.integers(0, 3) | st.integers(0, 100_000)
_PERCENTAGES = st.decimals(-100, 300, places=2)
_DATES = st.dates(date(2027, 1, 1), date(2027, 12, 31))


@st.composite
def rule_filters(draw: st.DrawFn) -> dict[str, object]:
    filters: dict[str, object] = {"priority": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        return filters
    optional = {
        "vehicle_class": st.sampled_from(["coach", "minibus"]),
        "client_id": st.sampled_from([ACME, OTHER]),
        "route": st.just(_ROUTE),
        "weekdays": st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=7),
        "min_passengers": st.integers(1, 60),
    }
    for name, values in optional.items():
        if draw(st.integers(0, 3)) == 0:
            filters[name] = draw(values)
    if draw(st.integers(0, 3)) == 0:
        filters |= {"start_time": time(22), "end_time": time(6)}
    return filters


@st.composite
def pricing_rules(draw: st.DrawFn) -> PricingRule:
    kind = draw(
        st.sampled_from(
            ["base_rate", "mileage_rate", "deadhead", "hourly_rate", "multiplier", "adjustment", "flat_fee"]
        )
    )
    filters = draw(rule_filters())
    amount, percent = draw(_AMOUNTS), draw(_PERCENTAGES)
    match kind:
        case "multiplier":
            return build_rule(draw(st.sampled_from(["time_multiplier", "seasonal"])), percent=percent, **filters)
        case "adjustment":
            rates = ["base_rate", "mileage_rate", "deadhead_rate", "hourly_rate"]
            value = draw(
                st.just({"percent": percent})
                | st.sampled_from(rates).map(lambda rate: {"amount": amount, "replaces": rate})
            )
            scope = draw(st.sampled_from(["client", "vehicle"]))
            filters |= {"client_id": ACME} if scope == "client" else {"vehicle_class": "coach"}
            return build_rule(f"{scope}_specific", **filters, **value)
        case "flat_fee":
            fees = ["booking", "extra_stop", "overnight", "second_driver", "coi", "fuel_surcharge", "minimum_charge"]
            return flat_fee(draw(st.sampled_from(fees)), amount, **filters)
        case "deadhead":
            return build_rule("mileage_rate", amount=amount, deadhead=True, **filters)
        case _:
            return build_rule(kind, amount=amount, **filters)


RULE_SETS = st.lists(pricing_rules(), max_size=14)


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    first, length = draw(_DATES), draw(st.integers(1, 4))
    return Trip(
        client_id=draw(st.sampled_from([None, ACME])),
        vehicle_class="coach",
        vehicles=draw(st.integers(1, 3)),
        passengers=draw(st.integers(1, 60)),
        miles=draw(st.decimals(0, 900, places=2)),
        deadhead_miles=draw(st.decimals(0, 90, places=2)),
        hours=draw(st.none() | st.decimals(0, 90, places=2)),
        days=tuple(first + timedelta(days=n) for n in range(length)),
        start=draw(st.none() | st.times()),
        overnights=length - 1,
        extra_stops=draw(st.integers(0, 3)),
        route=draw(st.sampled_from([None, _ROUTE])),
        second_driver=draw(st.booleans()),
        coi=draw(st.booleans()),
        amenities=draw(st.sampled_from([(), ("wifi",)])),
    )


PROMOS = (
    st.none()
    | _PERCENTAGES.map(abs)
    .filter(lambda percent: 0 < percent <= 100)
    .map(lambda percent: requested_promo(percent=percent))
    | st.integers(1, 100_000).map(lambda cents: requested_promo(amount=cents))
)
TAXES = st.sampled_from([Decimal(0), Decimal("8.875"), Decimal(20)])
FUEL_SURCHARGES = st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.0085")])
