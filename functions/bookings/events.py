"""Erases the trips of clients that were erased."""

from __future__ import annotations

from coachway.bookings import erasure
from coachway.core.entrypoints import event_consumer

handler = event_consumer.event_handler("bookings", erasure.CONSUMERS)
