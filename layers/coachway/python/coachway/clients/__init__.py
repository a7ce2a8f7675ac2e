"""Clients of the organization: their contacts, addresses, email preferences and credit."""
