"""Checks of hours of service for the itinerary of a quote."""
