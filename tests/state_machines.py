"""Hypothesis settings of state machine tests: few fixed examples in `make test`, many random ones in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAK_EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "0"))


def machine_settings(examples: int, *, steps: int = 14) -> settings:
    """Settings for a number of examples and steps. Examples are the same in each run, unless `SOAK_EXAMPLES` is set."""
    return settings(
        max_examples=SOAK_EXAMPLES or examples,
        stateful_step_count=2 * steps if SOAK_EXAMPLES else steps,
        deadline=None,
        derandomize=not SOAK_EXAMPLES,
        suppress_health_check=list(HealthCheck),
    )
