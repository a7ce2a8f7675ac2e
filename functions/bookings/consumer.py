"""Consumer of the erasure of clients: erases their charters."""

from typing import Final

from coachway.bookings import erasure
from coachway.core.entrypoints import event_consumer

CONSUMERS: Final = erasure.CONSUMERS

handler = event_consumer.event_handler("bookings", CONSUMERS)
