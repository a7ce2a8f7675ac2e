"""Schedule the reminders of a trip when it is booked."""

from collections.abc import Mapping
from typing import Final

from coachway.contracts.bookings import CharterBooked
from coachway.core import hourly_sweep
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.runtime import clock
from coachway.dispatch.reminders import rules
from coachway.dispatch.reminders.model import TripReminders


def on_charter_booked(caller: Caller, delivery: Delivery) -> None:
    """Schedule the reminders of a booked trip. A repeated event changes nothing."""
    booked = delivery.parse(CharterBooked)
    now = clock.now()
    due = rules.find_first_check(booked.starts_at, booked.timezone, now)
    if due is None:
        return
    due = max(due, hourly_sweep.find_earliest_due_time(now))
    reminders = TripReminders(org_id=caller.org_id, charter_id=delivery.aggregate_id, due=due)
    hourly_sweep.schedule_once(caller, reminders)


CONSUMERS: Final[Mapping[str, Consumer]] = {CharterBooked.TYPE: on_charter_booked}
"""By event type."""
