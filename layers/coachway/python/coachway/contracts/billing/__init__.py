"""Events of billing."""
