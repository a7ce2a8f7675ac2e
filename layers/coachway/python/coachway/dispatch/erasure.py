"""Erasure of a client's personal data from assignments and recoveries.

Drivers, times and positions stay, because they document the drivers' working hours.
"""

from collections.abc import Mapping
from typing import Final

from coachway.contracts.bookings import CharterErased
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.dispatch.assignments import model as assignment_model
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.recovery import model as recovery_model
from coachway.dispatch.recovery.model import Recovery
from coachway.erasure.service import RecordList, erase_lists

LISTS_OF_CHARTER: Final = (
    RecordList(Assignment, assignment_model.OF_CHARTER),
    RecordList(Recovery, recovery_model.OF_CHARTER),
)


def on_charter_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase the client's personal data from the assignments and recoveries of a charter."""
    erased = delivery.parse(CharterErased)
    erase_lists(caller, erased.client_id, LISTS_OF_CHARTER, charter=erased.charter_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.erased": on_charter_erased}
"""By event type. The queue receives these events and no others."""
