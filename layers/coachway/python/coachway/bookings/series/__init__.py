"""Recurring series of charters."""
