"""Choosing and checking drivers and vehicles for a trip."""
