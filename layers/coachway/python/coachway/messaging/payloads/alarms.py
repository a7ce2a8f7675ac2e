"""What events about trips under way say, as far as the office must know at once.

Dispatch stands on a higher floor, so its classes are not imported here; a test compares these fields with theirs.
"""

from __future__ import annotations

from pydantic import AwareDatetime

from coachway.core.documents.formatting import Formatter, telephone
from coachway.messaging.payloads.assignments import Offered


class Alarm(Offered):
    """Something is wrong with a trip of today.

    Each alarm says it in a few words, its `heading`, and at length, its `sentences`, by the clock of the first stop.
    """

    def _at(self, moment: AwareDatetime, words: Formatter) -> str:
        return f"{words.clock(moment, self.timezone)} {words.zone(moment, self.timezone)}"


class Late(Alarm):
    """A vehicle is expected late."""

    minutes: int
    address: str
    planned_at: AwareDatetime
    expected_at: AwareDatetime | None

    def heading(self) -> str:
        return f"{self.minutes} minutes late"

    def sentences(self, words: Formatter) -> list[str]:
        due = f"{self.vehicle_name} is due at {self.address} at {self._at(self.planned_at, words)}."
        if self.expected_at is None:
            return [due, "Where it is now is not known: its last position is old, or there is none."]
        return [due, f"By its position it will be there at {self._at(self.expected_at, words)}."]


class Unstarted(Alarm):
    """The driver has not reported for duty."""

    minutes: int

    def heading(self) -> str:
        return "The driver has not checked in"

    def sentences(self, words: Formatter) -> list[str]:
        since = self._at(self.starts_at, words)
        phone = f" The driver's number is {telephone(self.driver_phone)}." if self.driver_phone else ""
        return [f"{self.driver_name} should have reported for duty at {since}, and has not.{phone}"]


class HoursExceeded(Alarm):
    """Somebody drives longer than the law allows."""

    since: AwareDatetime

    def heading(self) -> str:
        return "Driving past the hours of service"

    def sentences(self, words: Formatter) -> list[str]:
        stop = self._at(self.since, words)
        return [
            f"{self.vehicle_name}, driven by {self.driver_name}, had to stop at {stop} (49 CFR 395.5).",
            "Have the driver stop at the next safe place, and send a relief driver.",
        ]


class PapersLacking(Alarm):
    """A vehicle left though papers, its driver or it itself are not in order."""

    reasons: list[str]

    def heading(self) -> str:
        return "Left although not all was in order"

    def sentences(self, words: Formatter) -> list[str]:
        due = self._at(self.pickup_at, words)
        return [f"{self.vehicle_name}, due at {due}, left its first stop with {self.driver_name}.", *self.reasons]
