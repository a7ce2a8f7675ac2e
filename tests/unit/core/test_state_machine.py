"""Allowed status transitions."""

from __future__ import annotations

from enum import StrEnum

import pytest

from coachway.core import errors
from coachway.core.state_machine import Transitions


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


LIGHTS = Transitions("light", {Light.RED: (Light.GREEN, Light.BROKEN), Light.GREEN: (Light.RED,), Light.BROKEN: ()})


def test_require_allowed_transition_passes() -> None:
    LIGHTS.require(Light.RED, Light.GREEN)


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        (Light.GREEN, Light.BROKEN, "The light cannot go from green to broken. It can become red."),
        (Light.RED, Light.RED, "The light cannot go from red to red. It can become green or broken."),
        (Light.BROKEN, Light.RED, "The light cannot go from broken to red. This status is final."),
    ],
)
def test_require_other_transition_raises_error_with_allowed_statuses(before: Light, after: Light, detail: str) -> None:
    with pytest.raises(errors.InvalidStatusTransition) as raised:
        LIGHTS.require(before, after)
    assert (raised.value.detail, raised.value.code) == (detail, "invalid_status_transition")


def test_allows_agrees_with_the_table() -> None:
    assert {(a, b) for a in Light for b in Light if LIGHTS.allows(a, b)} == {
        (Light.RED, Light.GREEN),
        (Light.RED, Light.BROKEN),
        (Light.GREEN, Light.RED),
    }
