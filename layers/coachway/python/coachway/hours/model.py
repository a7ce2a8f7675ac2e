"""A driver's record and plan, rulesets, and the results of checks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import LOCAL


def _to_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A time in UTC, so that every difference is elapsed time."""


class FrozenSchema(BaseSchema):
    """Base of immutable models."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DutyStatus(StrEnum):
    """The four duty statuses of a driver's log (49 CFR 395.8(b))."""

    OFF = "OFF"
    SLEEPER = "SB"
    ON = "ON"
    DRIVING = "D"

    @property
    def is_rest(self) -> bool:
        """Whether the driver is off duty or in the sleeper berth."""
        return self in (DutyStatus.OFF, DutyStatus.SLEEPER)


class Segment(FrozenSchema):
    """A duty status from `start` to before `end`.

    `riding` means that the driver rides in the vehicle without driving it. That counts as on duty, unless a full rest
    follows directly; then it counts as rest (49 CFR 395.1(j)).
    """

    start: Annotated[Instant, LOCAL]
    end: Annotated[Instant, LOCAL]
    status: DutyStatus
    riding: bool = False

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a segment must end after it starts")
        if self.riding and self.status is not DutyStatus.ON:
            raise ValueError("a segment with riding must have the status ON")
        return self

    @property
    def length(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


class Rule(StrEnum):
    """The limits: driving time, time on duty, time on duty in the cycle, and driving without a break."""

    DRIVE = "drive"
    DUTY = "duty"
    CYCLE = "cycle"
    BREAK = "break"


class Cycle(FrozenSchema):
    """A limit of time on duty in `days` consecutive days."""

    days: int = Field(ge=1)
    limit: timedelta


class Ruleset(FrozenSchema):
    """The limits for one kind of driver.

    With `has_duty_window`, the duty limit counts all time since the duty began; without it, only time on duty. A full
    rest of length `rest` resets the driving and duty limits; one of length `restart`, if set, resets the cycle.
    """

    name: str
    drive: timedelta
    duty: timedelta
    has_duty_window: bool
    rest: timedelta
    break_after: timedelta | None = None
    break_length: timedelta | None = None
    restart: timedelta | None = None
    weekly: Cycle
    daily: Cycle
    citations: dict[Rule, str]
    weekly_citation: str

    def cycle(self, daily_carrier: bool) -> Cycle:
        """The `daily` cycle for a carrier that runs every day of the week, otherwise the `weekly` one."""
        return self.daily if daily_carrier else self.weekly

    def citation(self, rule: Rule, daily_carrier: bool) -> str:
        """The paragraph of the regulation that sets a limit."""
        return self.weekly_citation if rule is Rule.CYCLE and not daily_carrier else self.citations[rule]


@dataclass(frozen=True, slots=True)
class CarrierRuleset:
    """The ruleset of a carrier. A daily carrier runs every day of the week: 70 hours in 8 days instead of 60 in 7."""

    ruleset: Ruleset
    daily_carrier: bool = True


class Legality(StrEnum):
    """Whether driving is legal; `UNKNOWN` if the record is incomplete."""

    OK = "OK"
    BLOCK = "BLOCK"
    UNKNOWN = "UNKNOWN"


class Violation(FrozenSchema):
    """A violation. `at` is the start of the illegal driving, `exceeded` its length until the next full rest."""

    rule: Rule
    at: Instant
    exceeded: timedelta
    citation: str


class RemainingTime(FrozenSchema):
    """The remaining time at the end of the last segment; never negative."""

    drive: timedelta
    duty: timedelta
    cycle: timedelta


class HoursCheck(FrozenSchema):
    """The result of a check. If the record has gaps, the verdict is UNKNOWN and `remaining` is None.

    `earliest_drive_at` is the earliest legal start of the planned driving, if the driver rests until then; without a
    plan, of any driving. It is None if no rest makes the plan legal, or if the record has gaps.
    """

    verdict: Legality
    violations: tuple[Violation, ...] = ()
    remaining: RemainingTime | None = None
    earliest_drive_at: Instant | None = None
