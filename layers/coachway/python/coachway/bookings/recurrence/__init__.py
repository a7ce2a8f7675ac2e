"""Recurrence rules of series, and the dates they produce."""
