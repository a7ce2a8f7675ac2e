"""CoachWay: operations of charter-bus operators and moving companies."""

__version__ = "0.1.0"
