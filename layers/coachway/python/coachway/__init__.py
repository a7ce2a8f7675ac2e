"""CoachWay: operations of charter-bus operators and moving companies."""

from coachway.core import starting

__version__ = "0.1.0"

if starting.ON_LAMBDA:
    starting.begin()
