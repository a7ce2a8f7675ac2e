"""Vendors: carriers that run trips for an organization, and how well they do."""
