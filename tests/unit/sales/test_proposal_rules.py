"""Rules of proposals: what can be chosen in which state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.sales.proposals.errors import ProposalOutdated
from coachway.sales.proposals.rules import (
    TRANSITIONS,
    Choice,
    ItemState,
    ProposalStatus,
    list_choosable,
    require_choice,
)

O, A, C, X = ItemState.OPEN, ItemState.ACCEPTED, ItemState.CHANGED, ItemState.CLOSED  # noqa: E741


@pytest.mark.parametrize(
    ("choice", "states", "chosen", "error"),
    [
        (Choice.ONE, (O, O, O), [2], None),
        (Choice.ONE, (O, X, C), [1], None),
        (Choice.ONE, (O, O), [1, 2], errors.Invalid),
        (Choice.ONE, (O, O), [], errors.Invalid),
        (Choice.ONE, (O, O), [3], errors.Invalid),
        (Choice.ONE, (O, A), [1], ProposalOutdated),
        (Choice.ONE, (O, C), [2], ProposalOutdated),
        (Choice.ANY, (O, O, O), [1, 3], None),
        (Choice.ANY, (O, A, O), [1, 3], None),
        (Choice.ANY, (O, A), [1, 2], ProposalOutdated),
        (Choice.ANY, (O, O), [1, 1], errors.Invalid),
        (Choice.ALL, (O, O), [1, 2], None),
        (Choice.ALL, (O, O), [1], errors.Invalid),
        (Choice.ALL, (O, A), [1], None),
        (Choice.ALL, (O, X), [1, 2], ProposalOutdated),
    ],
)
def test_choice_is_allowed_or_refused(
    choice: Choice, states: tuple[ItemState, ...], chosen: list[int], error: type[errors.Error] | None
) -> None:
    numbered = dict(enumerate(states, start=1))
    if error is None:
        require_choice(choice, numbered, chosen)
    else:
        with pytest.raises(error):
            require_choice(choice, numbered, chosen)


@given(st.sampled_from(Choice), st.lists(st.sampled_from(ItemState), min_size=1, max_size=10))
def test_everything_that_is_offered_can_be_chosen(choice: Choice, states: list[ItemState]) -> None:
    numbered = dict(enumerate(states, start=1))
    choosable = list_choosable(choice, numbered)
    choices = [[number] for number in choosable] if choice is Choice.ONE else [choosable] if choosable else []
    for chosen in choices:
        require_choice(choice, numbered, chosen)
    assert all(numbered[number] is ItemState.OPEN for number in choosable)


@pytest.mark.parametrize("status", [ProposalStatus.ACCEPTED, ProposalStatus.DECLINED, ProposalStatus.WITHDRAWN])
def test_answered_and_withdrawn_proposals_are_final(status: ProposalStatus) -> None:
    for after in ProposalStatus:
        with pytest.raises(errors.InvalidStatusTransition):
            TRANSITIONS.require(status, after)
