"""Lengths of time as they are shown: hours as numbers, and hours with minutes as text."""

from datetime import timedelta


def round_hours(length: timedelta) -> float:
    """Return the hours of a duration, with two decimals."""
    return round(length / timedelta(hours=1), 2)


def round_up_to_minutes(length: timedelta) -> int:
    """Return the minutes of a duration, rounded up."""
    return -(-length // timedelta(minutes=1))


def format_minutes(minutes: int) -> str:
    """Format minutes as `45 min` or `2 h 05 min`."""
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
