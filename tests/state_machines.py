"""How far Hypothesis drives a state machine: a little in each run of the tests, far and at random in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAK_EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "0"))


def machine_settings(examples: int, *, steps: int = 14) -> settings:
    """Settings for so many examples of so many steps; the same ones each time, unless `SOAK_EXAMPLES` asks for more."""
    return settings(
        max_examples=SOAK_EXAMPLES or examples,
        stateful_step_count=2 * steps if SOAK_EXAMPLES else steps,
        deadline=None,
        derandomize=not SOAK_EXAMPLES,
        suppress_health_check=list(HealthCheck),
    )
