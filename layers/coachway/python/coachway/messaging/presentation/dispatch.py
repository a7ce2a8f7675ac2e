"""Assignments, recoveries and alarms of trips in messages."""

from datetime import datetime
from typing import Final

from coachway.contracts.dispatch.assignments import (
    AssignmentEvent,
    TripDocumentsMissing,
    TripHoursExceeded,
    TripLateRisk,
    TripNotStarted,
)
from coachway.contracts.dispatch.recovery import RecoveryEscalated, RecoveryOffered, TripRecovered
from coachway.core.documents.formatting import Formatter, format_phone

RecoveryEvent = RecoveryOffered | RecoveryEscalated | TripRecovered
AlarmEvent = TripHoursExceeded | TripLateRisk | TripDocumentsMissing | TripNotStarted

_RECOVERY_CAUSES: Final = {
    "breakdown": "the vehicle broke down",
    "no_show": "the driver did not check in",
    "late_risk": "the vehicle would be late",
}
_OTHER_CAUSE: Final = "the original crew is not available"


def pickup_time(event: AssignmentEvent | RecoveryEvent, formatter: Formatter) -> str:
    """The pickup: `Wed, Mar 3, 9:00 AM EST`, in the time zone of the first stop."""
    return (
        f"{formatter.short_day(event.pickup_at, event.timezone)}, {_time(event.pickup_at, event.timezone, formatter)}"
    )


def spot_time(event: AssignmentEvent, formatter: Formatter) -> str:
    """When the vehicle must stand at the first stop: `8:45 AM EST`; empty if that is not before the pickup."""
    return _time(event.spot_at, event.timezone, formatter) if event.spot_at is not None else ""


def recovery_cause(event: RecoveryEvent) -> str:
    """Why a replacement is needed: `the vehicle broke down`."""
    return _RECOVERY_CAUSES.get(event.reason, _OTHER_CAUSE)


def offer_deadline(event: RecoveryOffered, formatter: Formatter) -> str:
    """The time until which the driver can answer: `9:10 AM EST`."""
    return _time(event.offer.expires_at, event.timezone, formatter)


def alarm_heading(event: AlarmEvent) -> str:
    """The heading of an alarm."""
    match event:
        case TripLateRisk():
            return f"{event.minutes} minutes late"
        case TripNotStarted():
            return "The driver has not checked in"
        case TripHoursExceeded():
            return "Hours of service exceeded"
        case TripDocumentsMissing():
            return "Departed with missing documents"


def alarm_sentences(event: AlarmEvent, formatter: Formatter) -> list[str]:
    """The sentences of an alarm, with times in the time zone of the first stop."""

    def time(at: datetime) -> str:
        return _time(at, event.timezone, formatter)

    match event:
        case TripLateRisk():
            due = f"{event.vehicle_name} is due at {event.address} at {time(event.planned_at)}."
            if event.expected_at is None:
                return [due, "Its current position is unknown: the last position is too old, or there is none."]
            return [due, f"Based on its position, it is expected at {time(event.expected_at)}."]
        case TripNotStarted():
            phone = f" The driver's number is {format_phone(event.driver_phone)}." if event.driver_phone else ""
            due = f"{event.driver_name} should have checked in at {time(event.starts_at)}, but has not."
            return [due + phone]
        case TripHoursExceeded():
            stop = f"should have stopped at {time(event.since)} (49 CFR 395.5)."
            advice = "Tell the driver to stop at the next safe place, and send a relief driver."
            return [f"{event.vehicle_name}, driven by {event.driver_name}, {stop}", advice]
        case TripDocumentsMissing():
            departure = f"{event.vehicle_name}, due at {time(event.pickup_at)}, left its first stop"
            return [f"{departure} with {event.driver_name}.", *event.reasons]


def _time(at: datetime, timezone: str, formatter: Formatter) -> str:
    return f"{formatter.clock(at, timezone)} {formatter.zone(at, timezone)}"
