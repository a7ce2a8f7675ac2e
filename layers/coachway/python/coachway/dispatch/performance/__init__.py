"""Performance figures of drivers."""
