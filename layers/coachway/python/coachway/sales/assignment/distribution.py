"""Which agent gets a lead, and the write that makes it so.

Every lead takes its turn on the roster in the transaction that stores the lead, so each lead has one agent and the
counts agree with the leads. Many leads at once compete for the roster: as with numbers of a gapless sequence (decision
25), those that lose once wait for a lease.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import sequence_lock
from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Op, ResponseToStore, Update
from coachway.core.persistence.sequence_lock import SEQUENCE_LEASE
from coachway.sales.assignment.errors import RosterChanged
from coachway.sales.assignment.model import ROSTER, Roster, RosterAgent
from coachway.sales.assignment.rotation import take_turn
from coachway.sales.assignment.rules import next_available_at, split_by_availability

_TIMEOUT_SECONDS: Final = 15.0
"""Less than the timeout of a function."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of an assignment: the agent, or None; an explanation; and the roster after it, None without rules."""

    agent: RosterAgent | None
    explanation: list[str]
    after: Roster | None = None


def choose_agent(roster: Roster | None, now: datetime, zone: tzinfo) -> Turn:
    """Return the agent whose turn it is, and who was skipped."""
    if roster is None or not roster.agents:
        return Turn(None, ["Unassigned: there are no assignment rules."])
    available = roster.list_availability(now, zone)
    weights, skipped = split_by_availability(available, now, zone)
    reasons = [each.reason for each in skipped]
    if not weights:
        waiting = roster.model_copy(update={"due_at": next_available_at(available, now, zone)})
        return Turn(None, [*reasons, "Unassigned: no agent is available."], waiting)
    rule_id, rotation = take_turn(roster.rotation, weights)
    after = roster.with_lead_of(rule_id, now, zone, rotation)
    agent = next(each for each in after.agents if each.rule_id == rule_id)
    return Turn(agent, [*reasons, f"Assigned to {agent.agent_name}: it is their turn."], after)


def count_for_agent(roster: Roster | None, agent_id: str, now: datetime, zone: tzinfo) -> Roster | None:
    """Return the roster after a lead went to an agent out of turn, or None if the agent has no rule."""
    agent = roster.find_agent(agent_id) if roster is not None else None
    return roster.with_lead_of(agent.rule_id, now, zone) if roster is not None and agent is not None else None


def commit_with_roster(
    caller: Caller,
    roster: Roster | None,
    build: Callable[[Roster | None], tuple[Sequence[Op], Roster | None]],
    *,
    response: ResponseToStore = None,
) -> Roster | None:
    """Commit the operations of `build(roster)` together with the roster that it returns; return that roster.

    If it returns None, the roster must be unchanged. If another lead took the turn first, or a rule was changed,
    `build` is called again with the new roster.
    """
    deadline, lease = time.monotonic() + _TIMEOUT_SECONDS, ""
    lease_key = SEQUENCE_LEASE.key(org=caller.org_id, name="lead-roster")
    try:
        while time.monotonic() < deadline:
            ops, after = build(roster)
            try:
                store.commit(caller, *ops, _roster_op(caller, roster, after), response=response)
            except (RosterChanged, store.TooManyConflicts):
                lease = lease or sequence_lock.acquire_sequence_lease(lease_key, deadline)
                roster = find_roster(caller.org_id)
            else:
                return after or roster
    finally:
        if lease:
            sequence_lock.release_sequence_lease(lease_key, lease)
    raise errors.Conflict("Too many leads are assigned at the same time. Retry.")


def _roster_op(caller: Caller, before: Roster | None, after: Roster | None) -> Op:
    """Return the operation that takes the turn, or checks that there still is nobody to take it."""
    if before is None:
        return CheckAbsent(ROSTER.key(org=caller.org_id), RosterChanged())
    if after is None or after == before:
        return CheckVersion(before, RosterChanged())
    return Update(before, after, on_stale=RosterChanged())


def find_roster(org_id: str) -> Roster | None:
    """Return the roster of an organization, or None if it never had an assignment rule."""
    return store.find(Roster, ROSTER.key(org=org_id))
