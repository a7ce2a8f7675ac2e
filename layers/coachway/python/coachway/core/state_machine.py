"""State machines of statuses: one table of allowed transitions, read by the code, the documentation and the tests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from coachway.core import errors

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Transitions(Generic[S]):
    """The allowed status transitions of a `subject`. A status without successors is final.

    REFUNDS = Transitions("refund", {RefundStatus.PENDING: (RefundStatus.COMPLETED,), RefundStatus.COMPLETED: ()})
    """

    subject: str
    allowed: Mapping[S, Collection[S]]

    def allows(self, before: S, after: S) -> bool:
        """Whether `after` may follow `before`."""
        return after in self.allowed[before]

    def require(self, before: S, after: S) -> None:
        """Raise InvalidStatusTransition unless `after` may follow `before`."""
        if self.allows(before, after):
            return
        *others, last = map(str, self.allowed[before] or ("",))
        possible = f"{', '.join(others)} or {last}" if others else last
        hint = f"It can become {possible}." if possible else "This status is final."
        change = f"The {self.subject} cannot go from {before.value} to {after.value}."
        raise errors.InvalidStatusTransition(f"{change} {hint}")
