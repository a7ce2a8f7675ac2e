"""Transitions of charters, and the fields that can be edited."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from coachway.bookings.charters.booking_details import DETAILS
from coachway.bookings.charters.rules import (
    ALLOWED_ACTORS,
    FIXED_ONCE_BOOKED,
    TRANSITIONS,
    Actor,
    CharterStatus,
    require_editable,
    require_transition,
)
from coachway.bookings.charters.trip_model import CharterInput
from coachway.core import errors

STATUSES = st.sampled_from(list(CharterStatus))
ACTORS = st.sampled_from(list(Actor))


def test_require_transition_allows_quote_to_completed() -> None:
    statuses = [
        CharterStatus.QUOTE,
        CharterStatus.BOOKED,
        CharterStatus.CONFIRMED,
        CharterStatus.IN_PROGRESS,
        CharterStatus.COMPLETED,
    ]
    for before, after in itertools.pairwise(statuses):
        require_transition(before, after, Actor.STAFF)


def test_fixed_once_booked_contains_all_input_fields_except_notes_spot_time_and_details() -> None:
    assert set(CharterInput.model_fields) - FIXED_ONCE_BOOKED == {"notes", "spot_minutes", *DETAILS}


def test_is_terminal_holds_for_four_statuses() -> None:
    assert {status for status in CharterStatus if status.is_terminal} == {
        CharterStatus.COMPLETED,
        CharterStatus.CANCELLED,
        CharterStatus.EXPIRED,
        CharterStatus.DECLINED,
    }


def test_started_charter_cannot_be_cancelled() -> None:
    cancellable = {status for status in CharterStatus if TRANSITIONS.allows(status, CharterStatus.CANCELLED)}
    assert cancellable == {CharterStatus.QUOTE, CharterStatus.BOOKED, CharterStatus.CONFIRMED}


def test_require_transition_error_lists_allowed_statuses() -> None:
    with pytest.raises(errors.Conflict, match=r"from booked to completed\. It can become confirmed or cancelled"):
        require_transition(CharterStatus.BOOKED, CharterStatus.COMPLETED, Actor.STAFF)
    with pytest.raises(errors.Conflict, match=r"from completed to cancelled\. This status is final"):
        require_transition(CharterStatus.COMPLETED, CharterStatus.CANCELLED, Actor.STAFF)


def test_require_transition_forbids_client_to_confirm() -> None:
    with pytest.raises(errors.Forbidden, match="Only staff or system can change a charter from booked to confirmed"):
        require_transition(CharterStatus.BOOKED, CharterStatus.CONFIRMED, Actor.CLIENT)


@given(before=STATUSES, after=STATUSES, actor=ACTORS)
def test_require_transition_rejects_everything_outside_table(
    before: CharterStatus, after: CharterStatus, actor: Actor
) -> None:
    if not TRANSITIONS.allows(before, after):
        with pytest.raises(errors.InvalidStatusTransition):
            require_transition(before, after, actor)
    elif actor not in ALLOWED_ACTORS[after]:
        with pytest.raises(errors.Forbidden):
            require_transition(before, after, actor)
    else:
        require_transition(before, after, actor)


@given(status=STATUSES, changed=st.frozensets(st.sampled_from([*sorted(FIXED_ONCE_BOOKED), "notes"])))
def test_require_editable_rejects_price_time_and_stops_once_booked(
    status: CharterStatus, changed: frozenset[str]
) -> None:
    is_editable = status is CharterStatus.QUOTE or (not status.is_terminal and not changed & FIXED_ONCE_BOOKED)
    if is_editable:
        require_editable(status, changed)
    else:
        with pytest.raises(errors.Conflict):
            require_editable(status, changed)


class CharterLifecycle(RuleBasedStateMachine):
    """Random status changes; only transitions of the table succeed."""

    def __init__(self) -> None:
        super().__init__()
        self.status = CharterStatus.QUOTE
        self.visited = [CharterStatus.QUOTE]

    @rule(status=STATUSES, actor=ACTORS)
    def set_status(self, status: CharterStatus, actor: Actor) -> None:
        try:
            require_transition(self.status, status, actor)
        except errors.Error:
            return
        assert actor in ALLOWED_ACTORS[status]
        self.status = status
        self.visited.append(status)

    @precondition(lambda self: not self.status.is_terminal)
    @rule(data=st.data())
    def set_allowed_status(self, data: st.DataObject) -> None:
        self.set_status(data.draw(st.sampled_from(sorted(TRANSITIONS.allowed[self.status]))), Actor.STAFF)

    @invariant()
    def status_is_never_set_twice(self) -> None:
        assert len(self.visited) == len(set(self.visited))

    @invariant()
    def started_charter_was_booked_and_confirmed(self) -> None:
        if self.status in (CharterStatus.IN_PROGRESS, CharterStatus.COMPLETED):
            assert self.visited[:3] == [CharterStatus.QUOTE, CharterStatus.BOOKED, CharterStatus.CONFIRMED]

    @invariant()
    def terminal_status_is_last(self) -> None:
        assert not any(status.is_terminal for status in self.visited[:-1])


TestCharterLifecycle = CharterLifecycle.TestCase
