"""Charters: record, lifecycle, events and commands."""
