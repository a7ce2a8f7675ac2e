"""Authentication, signed links and rate limits."""
