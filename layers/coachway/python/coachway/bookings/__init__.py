"""Bookings: charters from quote to completion, their series, and the links by which clients answer."""
