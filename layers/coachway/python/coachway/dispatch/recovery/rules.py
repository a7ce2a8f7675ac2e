"""Statuses of recoveries and their offers. Pure: no clock, no I/O."""

from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus


class RecoveryReason(StrEnum):
    """Why a trip needs a replacement."""

    BREAKDOWN = "breakdown"
    """The vehicle cannot continue; its driver stays with it."""
    NO_SHOW = "no_show"
    """The driver did not check in. The vehicle waits in the garage."""
    LATE_RISK = "late_risk"
    """The vehicle would be late at the first stop."""
    OTHER = "other"

    @property
    def vehicle_is_usable(self) -> bool:
        """Whether the same vehicle can go, with another driver."""
        return self is RecoveryReason.NO_SHOW


class RecoveryStatus(StrEnum):
    """Status of a recovery."""

    SEARCHING = "searching"
    """Drivers are being asked, the best first."""
    RECOVERED = "recovered"
    """A replacement crew took over."""
    ESCALATED = "escalated"
    """No replacement was found; the dispatcher must decide."""
    CANCELLED = "cancelled"
    """A replacement was no longer needed."""

    @property
    def is_over(self) -> bool:
        """Whether the search has ended."""
        return self is not RecoveryStatus.SEARCHING


class OfferStatus(StrEnum):
    """Status of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    """The driver did not answer in time."""
    UNAVAILABLE = "unavailable"
    """The driver or the vehicle was no longer available."""
    WITHDRAWN = "withdrawn"
    """The recovery ended before the driver answered."""


TRANSITIONS: Final = Transitions(
    "recovery",
    {
        RecoveryStatus.SEARCHING: (RecoveryStatus.RECOVERED, RecoveryStatus.ESCALATED, RecoveryStatus.CANCELLED),
        RecoveryStatus.RECOVERED: (),
        RecoveryStatus.ESCALATED: (),
        RecoveryStatus.CANCELLED: (),
    },
)
"""After an escalation a new recovery can be opened."""


def not_needed_reason(reason: RecoveryReason, trip: Assignment) -> str:
    """Return why a trip no longer needs a replacement; empty if it does."""
    status = trip.status
    if not status.is_live:
        return f"The assignment is {status.replace('_', ' ')}"
    if reason is RecoveryReason.NO_SHOW and status.is_under_way:
        return "The driver has checked in"
    if reason is RecoveryReason.LATE_RISK and status is AssignmentStatus.IN_PROGRESS:
        return "The trip has left its first stop"
    if reason is RecoveryReason.LATE_RISK and trip.stops[0].arrived_at is not None:
        return "The vehicle is at its first stop"
    return ""
