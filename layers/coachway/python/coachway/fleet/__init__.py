"""Fleet: drivers and vehicles that trips are assigned to, and the availability of drivers."""
