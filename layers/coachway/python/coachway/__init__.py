"""CoachWay: operations of charter-bus operators and moving companies."""

from coachway.core.entrypoints import cold_start

__version__ = "0.1.0"

if cold_start.ON_LAMBDA:
    cold_start.configure_runtime()
