"""Check-in, departure and check-out of drivers, and the driver page."""
