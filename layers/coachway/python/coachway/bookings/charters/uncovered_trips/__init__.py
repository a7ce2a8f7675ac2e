"""Trips that need drivers: slim copies of their charters, for lists of a day."""
