"""Completes and checks the details of a booking with the records that they refer to."""

from typing import Any, Final

from coachway.bookings.charters.trip_model import CharterInput
from coachway.clients.model import CONTACTS, Client, Contact
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.records import Key
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User

_EXTERNAL_ROLES: Final = frozenset({"client", "vendor", "driver"})


def detail_keys(caller: Caller, request: CharterInput) -> list[Key]:
    """The keys of the records that `resolve_details` needs."""
    user_id = request.salesperson_id or _own_user_id(caller)
    keys = [USERS.key(org=caller.org_id, id=user_id)] if user_id else []
    if request.contact_id:
        keys.append(CONTACTS.key(org=caller.org_id, client=request.client_id, id=request.contact_id))
    return keys


def resolve_details(
    caller: Caller, request: CharterInput, client: Client | None, records: store.BatchResult
) -> dict[str, Any]:
    """The details of a new charter, with their defaults. Raises Invalid if one refers to nothing that can be used.

    A new client has no defaults, so it is None.
    """
    if request.contact_id:
        key = CONTACTS.key(org=caller.org_id, client=request.client_id, id=request.contact_id)
        require_contact(records.find(Contact, key))
    salesperson_id = request.salesperson_id
    if salesperson_id is not None:
        require_salesperson(records.find(User, USERS.key(org=caller.org_id, id=salesperson_id)))
    elif own_id := _own_user_id(caller):
        user = records.find(User, USERS.key(org=caller.org_id, id=own_id))
        salesperson_id = own_id if can_sell(user) else None
    return {
        "salesperson_id": salesperson_id,
        "contact_id": request.contact_id,
        "on_site_contact": request.on_site_contact,
        "po_number": request.po_number
        if client is None or "po_number" in request.model_fields_set
        else client.po_number,
    }


def require_valid_changes(caller: Caller, edited: CharterInput, changed: frozenset[str]) -> None:
    """Raise Invalid if a changed detail of a charter refers to nothing that can be used. Reads only what changed."""
    keys = {
        "salesperson_id": USERS.key(org=caller.org_id, id=edited.salesperson_id),
        "contact_id": CONTACTS.key(org=caller.org_id, client=edited.client_id, id=edited.contact_id),
    }
    needed = {name: key for name, key in keys.items() if name in changed and getattr(edited, name) is not None}
    if not needed:
        return
    records = store.batch_get(needed.values())
    if "salesperson_id" in needed:
        require_salesperson(records.find(User, needed["salesperson_id"]))
    if "contact_id" in needed:
        require_contact(records.find(Contact, needed["contact_id"]))


def require_contact(contact: Contact | None) -> None:
    """Raise Invalid unless this is a contact of the client."""
    if contact is None:
        raise errors.Invalid.field("contact_id", "must be a contact of the client", "unknown_contact")


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
