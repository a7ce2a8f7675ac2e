"""Payments by card and by hand."""
