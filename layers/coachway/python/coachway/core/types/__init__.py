"""Value types: money, ids, times, coordinates, contact data."""
