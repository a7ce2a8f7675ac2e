"""Places: the position and time zone of an address, and the miles and driving time between places."""
