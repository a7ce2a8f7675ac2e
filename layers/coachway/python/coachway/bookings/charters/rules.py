"""The lifecycle of a charter: which status may follow which, and who may cause the transition."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from coachway.bookings.errors import ChangeCaseRequired, CharterClosed, VehiclesAwarded
from coachway.core import errors


class Status(StrEnum):
    """The status of a charter."""

    QUOTE = "quote"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether no status can follow."""
        return not any(start is self for start, _ in TRANSITIONS)


class Actor(StrEnum):
    """Who causes a transition: staff, the client, or the system on a timer or event."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


class Transition(NamedTuple):
    """The event type of a transition, and who may cause it."""

    event: str
    actors: frozenset[Actor]


_STAFF_OR_CLIENT: Final = frozenset({Actor.STAFF, Actor.CLIENT})
_STAFF_OR_SYSTEM: Final = frozenset({Actor.STAFF, Actor.SYSTEM})

TRANSITIONS: Final[Mapping[tuple[Status, Status], Transition]] = {
    (Status.QUOTE, Status.BOOKED): Transition("charter.booked", _STAFF_OR_CLIENT),
    (Status.QUOTE, Status.DECLINED): Transition("quote.declined", _STAFF_OR_CLIENT),
    (Status.QUOTE, Status.EXPIRED): Transition("quote.expired", _STAFF_OR_SYSTEM),
    (Status.QUOTE, Status.CANCELLED): Transition("charter.cancelled", _STAFF_OR_CLIENT),
    (Status.BOOKED, Status.CONFIRMED): Transition("charter.confirmed", _STAFF_OR_SYSTEM),
    (Status.BOOKED, Status.CANCELLED): Transition("charter.cancelled", _STAFF_OR_CLIENT),
    (Status.CONFIRMED, Status.IN_PROGRESS): Transition("charter.started", _STAFF_OR_SYSTEM),
    (Status.CONFIRMED, Status.CANCELLED): Transition("charter.cancelled", _STAFF_OR_CLIENT),
    (Status.IN_PROGRESS, Status.COMPLETED): Transition("charter.completed", _STAFF_OR_SYSTEM),
}
"""quote → booked → confirmed → in_progress → completed; a quote may expire or be declined. A charter that has not
started may be cancelled. `confirmed` means that every vehicle has a driver or an awarded vendor."""


def allowed_next(status: Status) -> list[Status]:
    """The statuses that may follow, in the order of the table."""
    return [end for start, end in TRANSITIONS if start is status]


def require_transition(current: Status, target: Status, actor: Actor) -> Transition:
    """The transition to `target`. Raises InvalidStatusTransition, or Forbidden if `actor` may not cause it."""
    transition = TRANSITIONS.get((current, target))
    if transition is None:
        possible = allowed_next(current)
        hint = f"It can become {_join_words(possible)}." if possible else f"{current.value} is final."
        raise errors.InvalidStatusTransition(f"A charter cannot go from {current.value} to {target.value}. {hint}")
    if actor not in transition.actors:
        raise errors.Forbidden(
            f"Only {_join_words(sorted(transition.actors))} can change a charter from {current} to {target}."
        )
    return transition


def _join_words(words: list[Status] | list[Actor]) -> str:
    *first, last = (str(word) for word in words)
    return f"{', '.join(first)} or {last}" if first else last


FIXED_ONCE_BOOKED: Final = frozenset(
    {
        "trip_type",
        "vehicle_class",
        "vehicle_count",
        "passengers",
        "amenities",
        "stops",
        "miles",
        "deadhead_miles",
        "requires_second_driver",
        "requires_coi",
        "route",
        "promo_code",
        "client_id",
    }
)
"""Fields that affect price, time or stops. The client agreed to them, so changing them needs a change case."""


FIXED_ONCE_AWARDED: Final = frozenset(
    {"trip_type", "vehicle_class", "vehicle_count", "passengers", "amenities", "stops"}
)
"""Fields that vendors bid on. Vendors that won agreed to exactly that trip for a price."""


def require_editable(status: Status, changed: frozenset[str], *, awarded: bool = False) -> None:
    """Raise VehiclesAwarded, CharterClosed or ChangeCaseRequired if these fields cannot be edited now."""
    if status is Status.QUOTE:
        fixed = sorted(changed & FIXED_ONCE_AWARDED) if awarded else []
        if fixed:
            raise VehiclesAwarded(
                f"Release the awarded bids before changing {', '.join(fixed)}.",
                fields=[errors.FieldError(name, "is fixed once a vehicle is awarded", "fixed") for name in fixed],
            )
        return
    if status.is_terminal:
        raise CharterClosed(f"This charter is {status} and cannot be edited.")
    fixed = sorted(changed & FIXED_ONCE_BOOKED)
    if fixed:
        raise ChangeCaseRequired(
            f"This charter is {status}: changing {', '.join(fixed)} needs a change case.",
            fields=[errors.FieldError(name, "is fixed once the charter is booked", "fixed") for name in fixed],
        )


class CharterChanged(errors.ConcurrentUpdate):
    """The charter was changed after it was read."""

    def __init__(self) -> None:
        super().__init__("The charter was changed by another request. Read it again.")
