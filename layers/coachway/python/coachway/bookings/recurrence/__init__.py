"""Recurrence rules and their dates."""
