"""The limits of 49 CFR part 395, as data.

Not supported, which can only make the result stricter: split sleeper rest, the 16-hour and short-haul exceptions, and
adverse driving conditions.
"""

from datetime import timedelta
from typing import Final

from coachway.hours.model import CarrierRuleset, Cycle, Rule, Ruleset

_WEEKLY: Final = Cycle(days=7, limit=timedelta(hours=60))
_DAILY: Final = Cycle(days=8, limit=timedelta(hours=70))

US_PASSENGER: Final = Ruleset(
    name="us_passenger",
    drive=timedelta(hours=10),
    duty=timedelta(hours=15),
    has_duty_window=False,
    rest=timedelta(hours=8),
    weekly=_WEEKLY,
    daily=_DAILY,
    citations={
        Rule.DRIVE: "49 CFR 395.5(a)(1)",
        Rule.DUTY: "49 CFR 395.5(a)(2)",
        Rule.CYCLE: "49 CFR 395.5(b)(2)",
    },
    weekly_citation="49 CFR 395.5(b)(1)",
)
"""Drivers of buses."""

US_PROPERTY: Final = Ruleset(
    name="us_property",
    drive=timedelta(hours=11),
    duty=timedelta(hours=14),
    has_duty_window=True,
    rest=timedelta(hours=10),
    break_after=timedelta(hours=8),
    break_length=timedelta(minutes=30),
    restart=timedelta(hours=34),
    weekly=_WEEKLY,
    daily=_DAILY,
    citations={
        Rule.DRIVE: "49 CFR 395.3(a)(3)(i)",
        Rule.DUTY: "49 CFR 395.3(a)(2)",
        Rule.BREAK: "49 CFR 395.3(a)(3)(ii)",
        Rule.CYCLE: "49 CFR 395.3(b)(2)",
    },
    weekly_citation="49 CFR 395.3(b)(1)",
)
"""Drivers of moving vans and trucks."""

RULESETS: Final = {ruleset.name: ruleset for ruleset in (US_PASSENGER, US_PROPERTY)}
DEFAULT_RULESET: Final = CarrierRuleset(US_PASSENGER)
"""The ruleset of organizations that have not chosen one."""


def get_carrier_ruleset(name: str, daily_carrier: bool) -> CarrierRuleset:
    """The ruleset with a name, as organizations choose it."""
    return CarrierRuleset(RULESETS[name], daily_carrier)
