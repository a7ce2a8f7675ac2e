"""Replacing a driver or vehicle at short notice."""
