"""Positions of vehicles: intake, storage, geofences, ETA."""
