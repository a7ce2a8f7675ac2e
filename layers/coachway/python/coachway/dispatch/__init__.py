"""Assignments of drivers and vehicles, duty and tracking of trips under way, and recoveries."""
