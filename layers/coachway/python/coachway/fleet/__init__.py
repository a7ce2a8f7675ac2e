"""Fleet: the drivers and vehicles that trips are given to, and when they may be had."""
