"""Papers that vendors, drivers, vehicles and organizations must have, and whether they are in order."""
