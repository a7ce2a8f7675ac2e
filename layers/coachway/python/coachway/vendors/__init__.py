"""Vendors: carriers that run trips for an organization, and their performance."""
