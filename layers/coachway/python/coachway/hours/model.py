"""What a driver did and means to do, and what the hours rules say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from coachway.core.schemas import BaseSchema


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment with an offset, kept in UTC, so that every difference is elapsed time."""


class Frozen(BaseSchema):
    """A value."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """The four lines of a driver's log, 49 CFR 395.8(b)."""

    OFF = "OFF"
    SLEEPER = "SB"
    ON = "ON"
    DRIVING = "D"

    @property
    def is_rest(self) -> bool:
        """Off duty or in the sleeper berth."""
        return self in (Status.OFF, Status.SLEEPER)


class Segment(Frozen):
    """One status from `start` up to, not including, `end`.

    `riding` marks a driver who sits in a moving bus without driving it: on duty, unless a full
    rest follows directly, in which case the ride was rest too (49 CFR 395.1(j)).
    """

    start: Instant
    end: Instant
    status: Status
    riding: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a segment must end after it starts")
        if self.riding and self.status is not Status.ON:
            raise ValueError("riding along is logged as ON")
        return self

    @property
    def length(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


class Rule(StrEnum):
    """What can be exceeded: driving time, time on duty, the days' total, driving without a break."""

    DRIVE = "drive"
    DUTY = "duty"
    CYCLE = "cycle"
    BREAK = "break"


class Cycle(Frozen):
    """At most `limit` on duty in any `days` consecutive days."""

    days: int = Field(ge=1)
    limit: timedelta


class Ruleset(Frozen):
    """One country's limits for one kind of driver, as data.

    `window` true counts the duty limit as time elapsed since duty began; false adds up only the time on duty.
    `restart` is the rest that wipes the cycle's total, none where the law has no such thing.
    """

    name: str
    drive: timedelta
    duty: timedelta
    window: bool
    rest: timedelta
    break_after: timedelta | None = None
    break_length: timedelta | None = None
    restart: timedelta | None = None
    weekly: Cycle
    daily: Cycle
    citations: dict[Rule, str]
    weekly_citation: str

    def cycle(self, daily_carrier: bool) -> Cycle:
        """`daily` for a carrier that runs every day of the week, `weekly` for the others."""
        return self.daily if daily_carrier else self.weekly

    def citation(self, rule: Rule, daily_carrier: bool) -> str:
        """The paragraph that sets this limit."""
        return self.weekly_citation if rule is Rule.CYCLE and not daily_carrier else self.citations[rule]


@dataclass(frozen=True, slots=True)
class Law:
    """Which rules hold for a carrier's drivers: of what kind, and 70 hours in 8 days for one that runs on every day."""

    ruleset: Ruleset
    daily_carrier: bool = True


class Answer(StrEnum):
    """Legal, illegal, or not to be told from the record."""

    OK = "OK"
    BLOCK = "BLOCK"
    UNKNOWN = "UNKNOWN"


class Violation(Frozen):
    """`at`: the first moment of illegal driving. `exceeded`: how long was driven past the limit until a full rest."""

    rule: Rule
    at: Instant
    exceeded: timedelta
    citation: str


class Remaining(Frozen):
    """What is left after the last segment; never negative."""

    drive: timedelta
    duty: timedelta
    cycle: timedelta


class Verdict(Frozen):
    """UNKNOWN when the record has holes: then nothing is claimed about what remains.

    `earliest_drive_at` is when the planned driving may begin, the driver resting until then; without a plan, when
    the driver may drive at all; None when no rest before the plan makes it legal, or the record has holes.
    """

    verdict: Answer
    violations: tuple[Violation, ...] = ()
    remaining: Remaining | None = None
    earliest_drive_at: Instant | None = None
