"""Consumer of changes of clients: erases their charters, and sends quotes again when their email changes."""

from typing import Final

from coachway.bookings import erasure
from coachway.bookings.quotes import link_replacement
from coachway.core.entrypoints import event_consumer

CONSUMERS: Final = {**erasure.CONSUMERS, **link_replacement.CONSUMERS}

handler = event_consumer.event_handler("bookings", CONSUMERS)
