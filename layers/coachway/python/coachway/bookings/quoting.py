"""Charters: make, edit, clone, delete. Pricing comes with it, and driving hours, which those who read do without."""

from __future__ import annotations

from typing import Any, Final

from coachway.bookings import counts, drafts, journey, rules, telling
from coachway.bookings.charters import get
from coachway.bookings.events import CharterDeleted, CharterModified
from coachway.bookings.model import Charter, CharterInput
from coachway.bookings.requests import CloneInput
from coachway.bookings.rules import FIXED_ONCE_BOOKED, Status
from coachway.clients.model import Client
from coachway.core import clock, errors, store
from coachway.core.caller import Caller
from coachway.core.ops import Create, Op, Update
from coachway.core.parties import CLIENT
from coachway.core.schemas import Changes, changed
from coachway.pricing import accepting
from coachway.pricing.quotes import QUOTE, Quote
from coachway.pricing.service import House

_DELETABLE: Final = frozenset({Status.QUOTE, Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


def create(caller: Caller, wanted: CharterInput, **more: Any) -> Charter:
    """Quote a new charter: number, price, quote and event in one transaction.

    Raises Missing for an unknown client, Invalid for stops, times or zones that do not fit.
    """
    house = drafts.house_for(caller, wanted)
    made = drafts.draft(caller, house, wanted, **more)
    charter = made.charter
    prefix = house.organization.number_prefixes.charter

    def build(n: int) -> list[Op]:
        charter.number = drafts.number(prefix, charter, n)
        return [
            Create(charter, [drafts.created(charter)]),
            *made.quote_ops,
            counts.moved(caller.org_id, [], [charter]),
        ]

    store.commit_numbered(caller, drafts.counter(charter), build, answer=charter)
    return charter


def update(caller: Caller, charter_id: str, changes: Changes[CharterInput], expected: int | None) -> Charter:
    """Edit a charter. What was quoted makes a new revision, priced again, and voids the link of the old one.

    Raises Conflict when the charter is booked and the change touches price, time or stops, or when it is closed.
    """
    before = get(caller, charter_id, expected=expected)
    wished = changed(before, changes)
    if "stops" in changes:
        wished = wished.model_copy(update={"stops": journey.completed(wished.stops, before.timezone)})
    named = frozenset(name for name in CharterInput.model_fields if getattr(wished, name) != getattr(before, name))
    rules.require_editable(before.status, named, awarded=bool(before.vendor_ids))
    if not named:
        return before
    if not named & FIXED_ONCE_BOOKED:
        store.commit(caller, Update(before, wished, [CharterModified(**telling.of(wished), revised=False)]))
        return wished
    quote_key = QUOTE.key(org=caller.org_id, id=before.quote.id)
    client_key = CLIENT.key(org=caller.org_id, id=wished.client_id)
    found = store.gather([quote_key, client_key, *House.keys(caller.org_id)])
    if "client_id" in named:
        drafts.require_active(found.get(Client, client_key))
    house = House.of(caller.org_id, found)
    made = drafts.revised(caller, house, wished, estimate_miles="miles" not in changes and before.miles_estimated)
    after = made.charter
    old = found.find(Quote, quote_key)
    store.commit(
        caller,
        Update(before, after, [CharterModified(**telling.of(after), revised=True)]),
        *made.quote_ops,
        *([accepting.with_status(old, "superseded")] if old else []),
        counts.moved(caller.org_id, [before], [after]),
    )
    return after


def clone(caller: Caller, charter_id: str, body: CloneInput) -> Charter:
    """A new quote for the same trip, or for the same trip at another time; not part of the original's series."""
    original = get(caller, charter_id)
    wanted = original.model_dump(include=set(CharterInput.model_fields))
    stops = original.stops
    if body.estimated_departure is not None:
        stops = journey.put_off(stops, body.estimated_departure - original.starts_at)
    if original.miles_estimated:
        wanted["miles"] = None
    again = CharterInput.model_validate({**wanted, "stops": stops})
    return create(caller, again, cloned_from_charter_id=original.id)


def delete(caller: Caller, charter_id: str, expected: int | None) -> None:
    """Take a charter off every list; its history stays. Raises Conflict when it is booked: it is cancelled instead."""
    before = get(caller, charter_id, expected=expected)
    if before.status not in _DELETABLE:
        raise errors.Conflict(f"this charter is {before.status}: cancel it instead", title="it cannot be deleted")
    after = before.model_copy(update={"deleted_at": clock.now()})
    told = CharterDeleted(**telling.of(before))
    store.commit(caller, Update(before, after, [told]), counts.moved(caller.org_id, [before], []))
