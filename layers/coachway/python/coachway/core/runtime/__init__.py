"""Clock, logging, metrics and settings."""
