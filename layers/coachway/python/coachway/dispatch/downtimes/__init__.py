"""Days on which a vehicle cannot run trips, for example for maintenance."""
