"""The lifecycle of a proposal, and what a client can choose in it. Pure: no clock, no I/O."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from coachway.core import errors
from coachway.core.state_machine import Transitions
from coachway.sales.proposals.errors import ProposalOutdated


class ProposalStatus(StrEnum):
    """The status of a proposal."""

    DRAFT = "draft"
    """Not sent, or edited since."""
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Final = Transitions(
    "proposal",
    {
        ProposalStatus.DRAFT: (ProposalStatus.DRAFT, ProposalStatus.SENT, ProposalStatus.WITHDRAWN),
        ProposalStatus.SENT: (
            ProposalStatus.DRAFT,
            ProposalStatus.SENT,
            ProposalStatus.ACCEPTED,
            ProposalStatus.DECLINED,
            ProposalStatus.EXPIRED,
            ProposalStatus.WITHDRAWN,
        ),
        ProposalStatus.EXPIRED: (ProposalStatus.DRAFT, ProposalStatus.SENT),
        ProposalStatus.ACCEPTED: (),
        ProposalStatus.DECLINED: (),
        ProposalStatus.WITHDRAWN: (),
    },
)
"""Editing a sent or expired proposal makes it a draft; sending it again replaces the link."""


class Choice(StrEnum):
    """How many of its quotes a client can choose."""

    ONE = "one"
    """The quotes are alternatives."""
    ANY = "any"
    """The quotes are parts, of which the client chooses at least one."""
    ALL = "all"
    """The quotes are parts that belong together."""


class ItemState(StrEnum):
    """What has become of a quote since the proposal was sent."""

    OPEN = "open"
    BLOCKED = "blocked"
    """Open, but a warning, such as illegal driving hours, keeps it from being booked."""
    ACCEPTED = "accepted"
    """Accepted, with this proposal or by other means."""
    CHANGED = "changed"
    """Revised after the proposal was sent."""
    CLOSED = "closed"
    """Declined, cancelled, expired, or its departure has passed."""


ItemStates = Mapping[int, ItemState]
"""The states of the items of a proposal, by their numbers."""

_REASONS: Final = {
    ItemState.ACCEPTED: "has been accepted already",
    ItemState.CHANGED: "has been changed",
    ItemState.CLOSED: "is no longer available",
}


def require_choice(choice: Choice, states: ItemStates, chosen: Collection[int]) -> None:
    """Raise Invalid for a choice that the proposal never allowed, ProposalOutdated for one that it no longer allows."""
    unknown = sorted(set(chosen) - states.keys())
    if unknown or not chosen or len(set(chosen)) != len(chosen):
        raise errors.Invalid.field("items", f"must be different numbers from 1 to {len(states)}")
    if choice is Choice.ONE and len(chosen) > 1:
        raise errors.Invalid.field("items", "must be one number: the options are alternatives")
    required = _list_required(choice, states)
    missing = sorted(required - set(chosen))
    if missing:
        raise errors.Invalid.field("items", f"must include all of {_join(sorted(required))}: they belong together")
    concerned = states if choice is Choice.ALL else dict.fromkeys(chosen, None)
    for number in sorted(concerned):
        if states[number] in _REASONS and (number in chosen or states[number] is not ItemState.ACCEPTED):
            raise ProposalOutdated(f"Option {number} {_REASONS[states[number]]}. Ask us for a new proposal.")
    accepted = [number for number, state in states.items() if state is ItemState.ACCEPTED]
    if choice is Choice.ONE and accepted:
        raise ProposalOutdated(f"Option {accepted[0]} {_REASONS[ItemState.ACCEPTED]}, and only one can be chosen.")


def list_choosable(choice: Choice, states: ItemStates) -> list[int]:
    """The numbers of the items that can be chosen now; empty if no choice is possible."""
    if choice is Choice.ONE and ItemState.ACCEPTED in states.values():
        return []
    required = _list_required(choice, states)
    if any(states[number] is not ItemState.OPEN for number in required):
        return []
    return sorted(number for number, state in states.items() if state is ItemState.OPEN)


def _list_required(choice: Choice, states: ItemStates) -> set[int]:
    """The items that must be chosen: all that are not accepted yet, if they belong together."""
    if choice is not Choice.ALL:
        return set()
    return {number for number, state in states.items() if state is not ItemState.ACCEPTED}


def _join(numbers: Collection[int]) -> str:
    return ", ".join(map(str, numbers))
