"""Reminders on the day before a trip: an email to the client, and a text message to each driver."""
