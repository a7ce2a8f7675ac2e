"""Assignments of drivers and vehicles to charters."""
