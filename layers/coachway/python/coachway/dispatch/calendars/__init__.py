"""Calendars of drivers and vehicles, and iCalendar subscriptions."""
