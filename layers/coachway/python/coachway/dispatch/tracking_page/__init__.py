"""The tracking page of a trip, for anyone with a tracking link."""
