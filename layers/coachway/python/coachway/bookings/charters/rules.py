"""The life of a booking: which status may follow which, who may say so, and what it is called afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from coachway.core import errors


class Status(StrEnum):
    """Where a booking stands."""

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
        """Whether nothing can follow."""
        return not any(start is self for start, _ in TRANSITIONS)


class Actor(StrEnum):
    """Who may cause a transition: people of the organization, the client, the product itself on a timer or event."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


class Transition(NamedTuple):
    """What a step is called in the past tense, and who may take it."""

    event: str
    by: frozenset[Actor]


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
"""quote → booked → confirmed → in_progress → completed; a quote may expire or be declined; what has not started may be
cancelled. `confirmed`: a vehicle and driver, or an awarded vendor, for every vehicle."""


def allowed_next(status: Status) -> list[Status]:
    """What may follow, in the order of the table."""
    return [end for start, end in TRANSITIONS if start is status]


def require_transition(status: Status, wanted: Status, by: Actor) -> Transition:
    """The transition from one to the other. Raises Conflict if there is none, Forbidden if it is not `by`'s to take."""
    transition = TRANSITIONS.get((status, wanted))
    if transition is None:
        possible = allowed_next(status)
        can = f"it can become {_join_words(possible)}" if possible else "nothing can follow"
        raise errors.Conflict(f"this charter is {status}: {can}, not {wanted}", title="that does not follow")
    if by not in transition.by:
        raise errors.Forbidden(f"only {_join_words(sorted(transition.by))} can make a {status} {wanted}")
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
"""Fields that touch price, time or stops: the client agreed to them, so that changing them needs a change case."""


FIXED_ONCE_AWARDED: Final = frozenset(
    {"trip_type", "vehicle_class", "vehicle_count", "passengers", "amenities", "stops"}
)
"""Fields of a quote that vendors bid for: those that have won agreed to just that trip, for a price."""


def require_editable(status: Status, changed: frozenset[str], *, awarded: bool = False) -> None:
    """Raises Conflict when these fields cannot be edited in this status, or once vendors were awarded its vehicles."""
    if status is Status.QUOTE:
        fixed = sorted(changed & FIXED_ONCE_AWARDED) if awarded else []
        if fixed:
            raise errors.Conflict(
                f"vendors were awarded this trip as it is: to change {', '.join(fixed)}, release their bids first",
                title="its vehicles were awarded",
                fields=[errors.FieldError(name, "is fixed once a vehicle was awarded") for name in fixed],
            )
        return
    if status.is_terminal:
        raise errors.Conflict(f"this charter is {status} and cannot be edited", title="this charter is closed")
    fixed = sorted(changed & FIXED_ONCE_BOOKED)
    if fixed:
        raise errors.Conflict(
            f"this charter is {status}: changing {', '.join(fixed)} needs a change case",
            title="this needs a change case",
            fields=[errors.FieldError(name, "is fixed once the charter is booked") for name in fixed],
        )


class CharterChanged(errors.ConcurrentUpdate):
    """The charter is not what it was when it was read."""

    def __init__(self) -> None:
        super().__init__("this charter was changed by somebody else: read it again")
