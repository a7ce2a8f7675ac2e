"""Responses: their JSON, and those that are stored for an Idempotency-Key."""
