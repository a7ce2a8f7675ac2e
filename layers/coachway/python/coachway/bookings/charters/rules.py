"""The lifecycle of a charter: its status transitions, who may cause them, and which fields may be edited."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from coachway.bookings.errors import ChangeCaseRequired, CharterClosed, VehiclesAwarded
from coachway.core import errors
from coachway.core.state_machine import Transitions


class CharterStatus(StrEnum):
    """The status of a charter."""

    QUOTE = "quote"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    """Every vehicle has a driver or an awarded vendor."""
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether no status can follow."""
        return not TRANSITIONS.allowed[self]


RUN_STATUSES: Final = frozenset(
    {CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS, CharterStatus.COMPLETED}
)
"""The statuses of trips that are run, from booking on."""
TRANSITIONS: Final = Transitions(
    "charter",
    {
        CharterStatus.QUOTE: (
            CharterStatus.BOOKED,
            CharterStatus.DECLINED,
            CharterStatus.EXPIRED,
            CharterStatus.CANCELLED,
        ),
        CharterStatus.BOOKED: (CharterStatus.CONFIRMED, CharterStatus.CANCELLED),
        CharterStatus.CONFIRMED: (CharterStatus.IN_PROGRESS, CharterStatus.CANCELLED),
        CharterStatus.IN_PROGRESS: (CharterStatus.COMPLETED,),
        CharterStatus.COMPLETED: (),
        CharterStatus.EXPIRED: (),
        CharterStatus.DECLINED: (),
        CharterStatus.CANCELLED: (),
    },
)


class Actor(StrEnum):
    """Who causes a transition: staff, the client, or the system on a timer or event."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


_STAFF_OR_CLIENT: Final = (Actor.STAFF, Actor.CLIENT)
_STAFF_OR_SYSTEM: Final = (Actor.STAFF, Actor.SYSTEM)

ALLOWED_ACTORS: Final[Mapping[CharterStatus, tuple[Actor, ...]]] = {
    CharterStatus.BOOKED: _STAFF_OR_CLIENT,
    CharterStatus.DECLINED: _STAFF_OR_CLIENT,
    CharterStatus.EXPIRED: _STAFF_OR_SYSTEM,
    CharterStatus.CANCELLED: _STAFF_OR_CLIENT,
    CharterStatus.CONFIRMED: _STAFF_OR_SYSTEM,
    CharterStatus.IN_PROGRESS: _STAFF_OR_SYSTEM,
    CharterStatus.COMPLETED: _STAFF_OR_SYSTEM,
}
"""Who may set a status."""


def require_transition(before: CharterStatus, after: CharterStatus, actor: Actor) -> None:
    """Raise InvalidStatusTransition unless `after` may follow `before`; Forbidden if `actor` may not set it."""
    TRANSITIONS.require(before, after)
    if actor not in ALLOWED_ACTORS[after]:
        actors = " or ".join(ALLOWED_ACTORS[after])
        raise errors.Forbidden(f"Only {actors} can change a charter from {before} to {after}.")


FIXED_ONCE_BOOKED: Final = frozenset(
    {
        "trip_type",
        "vehicle_class",
        "vehicle_count",
        "vehicle_groups",
        "passengers",
        "amenities",
        "stops",
        "miles",
        "deadhead_miles",
        "requires_second_driver",
        "requires_coi",
        "route",
        "promo_code",
        "price_adjustments",
        "client_id",
    }
)
"""Fields that affect price, times or stops: fixed once the trip is booked, because the client has agreed to them."""


REWORDED_ADDRESSES: Final = "address_wording"
"""Other words for the same places: the one change of `stops` that is allowed once the trip is booked."""

FIXED_ONCE_AWARDED: Final = frozenset(
    {"trip_type", "vehicle_class", "vehicle_count", "vehicle_groups", "passengers", "amenities", "stops"}
)
"""Fields that a vendor's bid depends on. A vendor with an awarded bid has agreed to them at its price."""


def require_editable(status: CharterStatus, changed: frozenset[str], *, awarded: bool = False) -> None:
    """Raise VehiclesAwarded, CharterClosed or ChangeCaseRequired if these fields cannot be edited now."""
    if status is CharterStatus.QUOTE:
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
            f"This charter is {status}, so {', '.join(fixed)} cannot be changed here. To change the trip, clone the "
            "charter, change the copy, send its quote, and cancel this charter. Only notes, contacts, the purchase "
            "order, the salesperson and the wording of an address within 200 m can be edited.",
            fields=[errors.FieldError(name, "is fixed once the charter is booked", "fixed") for name in fixed],
        )


class CharterChanged(errors.ConcurrentUpdate):
    """The charter was changed after it was read."""

    def __init__(self) -> None:
        super().__init__("The charter was changed by another request. Read it again, then retry.")
