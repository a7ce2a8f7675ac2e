"""Erases the trips of clients that were erased."""

from __future__ import annotations

from coachway.bookings import erasing
from coachway.core import consuming

handler = consuming.entry("bookings", erasing.CONSUMERS)
