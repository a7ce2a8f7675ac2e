"""Bookings: charters from quote to completion, recurring series, and quote links for clients."""
