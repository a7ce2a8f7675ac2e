"""CoachWay: operations of charter-bus operators and moving companies."""

from coachway.core.entrypoints import cold_start
from coachway.core.runtime.version import VERSION

__version__ = VERSION

if cold_start.ON_LAMBDA:
    cold_start.configure_runtime()
