"""Transitions of charters, and the fields that can be edited."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from coachway.bookings.charters.model import CharterInput
from coachway.bookings.charters.rules import (
    FIXED_ONCE_BOOKED,
    TRANSITIONS,
    Actor,
    Status,
    allowed_next,
    require_editable,
    require_transition,
)
from coachway.core import errors

statuses = st.sampled_from(list(Status))
actors = st.sampled_from(list(Actor))


def test_require_transition_allows_quote_to_completed() -> None:
    way = [Status.QUOTE, Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED]
    events = [require_transition(start, end, Actor.STAFF).event for start, end in itertools.pairwise(way)]
    assert events == ["charter.booked", "charter.confirmed", "charter.started", "charter.completed"]


def test_fixed_once_booked_contains_all_input_fields_except_notes() -> None:
    assert set(CharterInput.model_fields) - FIXED_ONCE_BOOKED == {"notes"}


def test_is_terminal_holds_for_four_statuses() -> None:
    assert {status for status in Status if status.is_terminal} == {
        Status.COMPLETED,
        Status.CANCELLED,
        Status.EXPIRED,
        Status.DECLINED,
    }


def test_started_charter_cannot_be_cancelled() -> None:
    cancellable = {start for start, end in TRANSITIONS if end is Status.CANCELLED}
    assert cancellable == {Status.QUOTE, Status.BOOKED, Status.CONFIRMED}


def test_require_transition_error_lists_allowed_statuses() -> None:
    with pytest.raises(errors.Conflict, match=r"from booked to completed\. It can become confirmed or cancelled"):
        require_transition(Status.BOOKED, Status.COMPLETED, Actor.STAFF)
    with pytest.raises(errors.Conflict, match="completed is final"):
        require_transition(Status.COMPLETED, Status.CANCELLED, Actor.STAFF)


def test_require_transition_forbids_client_to_confirm() -> None:
    with pytest.raises(errors.Forbidden):
        require_transition(Status.BOOKED, Status.CONFIRMED, Actor.CLIENT)


@given(start=statuses, end=statuses, by=actors)
def test_require_transition_rejects_everything_outside_table(start: Status, end: Status, by: Actor) -> None:
    allowed = (start, end) in TRANSITIONS and by in TRANSITIONS[start, end].actors
    if allowed:
        assert require_transition(start, end, by) is TRANSITIONS[start, end]
    else:
        with pytest.raises(errors.Error):
            require_transition(start, end, by)


@given(status=statuses, changed=st.frozensets(st.sampled_from([*sorted(FIXED_ONCE_BOOKED), "notes"])))
def test_require_editable_rejects_price_time_and_stops_once_booked(status: Status, changed: frozenset[str]) -> None:
    open_to_change = status is Status.QUOTE or (not status.is_terminal and not changed & FIXED_ONCE_BOOKED)
    if open_to_change:
        require_editable(status, changed)
    else:
        with pytest.raises(errors.Conflict):
            require_editable(status, changed)


class CharterLifecycle(RuleBasedStateMachine):
    """Random status changes; only transitions of the table succeed."""

    def __init__(self) -> None:
        super().__init__()
        self.status = Status.QUOTE
        self.visited = [Status.QUOTE]

    @rule(wanted=statuses, by=actors)
    def push(self, wanted: Status, by: Actor) -> None:
        try:
            transition = require_transition(self.status, wanted, by)
        except errors.Error:
            return
        assert by in transition.actors
        self.status = wanted
        self.visited.append(wanted)

    @precondition(lambda self: not self.status.is_terminal)
    @rule(choice=st.data())
    def walk(self, choice: st.DataObject) -> None:
        self.push(choice.draw(st.sampled_from(allowed_next(self.status))), Actor.STAFF)

    @invariant()
    def no_status_comes_twice(self) -> None:
        assert len(self.visited) == len(set(self.visited))

    @invariant()
    def nothing_runs_that_was_not_booked_and_confirmed(self) -> None:
        if self.status in (Status.IN_PROGRESS, Status.COMPLETED):
            assert self.visited[:3] == [Status.QUOTE, Status.BOOKED, Status.CONFIRMED]

    @invariant()
    def an_end_stays_the_end(self) -> None:
        assert not any(status.is_terminal for status in self.visited[:-1])


TestLife = CharterLifecycle.TestCase
