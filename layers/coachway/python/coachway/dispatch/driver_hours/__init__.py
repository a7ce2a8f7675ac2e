"""A driver's hours of service."""
