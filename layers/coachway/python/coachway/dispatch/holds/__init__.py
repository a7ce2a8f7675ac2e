"""Holds: vehicles that are kept for a charter while its quote waits for an answer."""
