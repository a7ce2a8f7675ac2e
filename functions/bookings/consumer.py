"""Consumer of changes of clients: erases their charters, and sends quotes again when their email changes."""

from typing import Final

from coachway.bookings import erasure
from coachway.bookings.quotes import resending
from coachway.core.entrypoints import event_consumer

CONSUMERS: Final = {**erasure.CONSUMERS, **resending.CONSUMERS}

handler = event_consumer.event_handler("bookings", CONSUMERS)
