"""Completes and checks the details of a booking with the records that they refer to."""

from typing import Any, Final

from coachway.bookings.charters.booking_details import BookingDetails
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.records import Key
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User

_EXTERNAL_ROLES: Final = frozenset({"client", "vendor", "driver"})


def detail_keys(caller: Caller, details: BookingDetails) -> list[Key]:
    """The keys of the records that `resolve_details` needs."""
    user_id = details.salesperson_id or _own_user_id(caller)
    return [USERS.key(org=caller.org_id, id=user_id)] if user_id else []


def resolve_details(caller: Caller, details: BookingDetails, records: store.BatchResult) -> dict[str, Any]:
    """The details of a new charter, with their defaults. Raises Invalid if the salesperson cannot be one."""
    salesperson_id = details.salesperson_id
    if salesperson_id is not None:
        require_salesperson(records.find(User, USERS.key(org=caller.org_id, id=salesperson_id)))
    elif own_id := _own_user_id(caller):
        user = records.find(User, USERS.key(org=caller.org_id, id=own_id))
        salesperson_id = own_id if can_sell(user) else None
    return {"salesperson_id": salesperson_id}


def require_salesperson(user: User | None) -> None:
    """Raise Invalid unless this is an active user of the organization's own."""
    if not can_sell(user):
        raise errors.Invalid.field("salesperson_id", "must be an active user of the organization", "unknown_user")


def can_sell(user: User | None) -> bool:
    """Whether a user is active and works for the organization itself."""
    return user is not None and user.status == "active" and user.role not in _EXTERNAL_ROLES


def _own_user_id(caller: Caller) -> str:
    """The id of the user who acts; empty for a program, the system, or a client."""
    return "" if caller.is_external or not caller.user_id.startswith("usr_") else caller.user_id
