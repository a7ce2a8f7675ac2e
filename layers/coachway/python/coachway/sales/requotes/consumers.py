"""Schedule the annual re-quote of a trip when it is completed."""

from collections.abc import Mapping
from typing import Final

from coachway.contracts.bookings import CharterCompleted
from coachway.core import hourly_sweep
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.runtime import clock
from coachway.sales.requotes import rules
from coachway.sales.requotes.model import Requote


def on_charter_completed(caller: Caller, delivery: Delivery) -> None:
    """Schedule the re-quote of a completed trip. A repeated event changes nothing."""
    completed = delivery.parse(CharterCompleted)
    now = clock.now()
    due = rules.find_due_time(completed.ends_at, completed.timezone)
    if due < now - rules.OLDEST:
        return
    due = max(due, hourly_sweep.find_earliest_due_time(now))
    requote = Requote(org_id=caller.org_id, charter_id=delivery.aggregate_id, due=due)
    hourly_sweep.schedule_once(caller, requote)


CONSUMERS: Final[Mapping[str, Consumer]] = {CharterCompleted.TYPE: on_charter_completed}
"""Consumers by event type; the template is generated from them."""
