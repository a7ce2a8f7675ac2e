"""Compliance: the documents that vendors, drivers, vehicles and organizations must have, and their review."""
