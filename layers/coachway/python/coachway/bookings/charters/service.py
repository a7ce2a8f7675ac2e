"""Charters: make, edit, clone, delete. Pricing comes with it, and driving hours, which those who read do without."""

from __future__ import annotations

from typing import Any, Final

from coachway.bookings.charters import drafting, event_payloads, rules, status_counts, trip_times
from coachway.bookings.charters.model import Charter, CharterInput
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.rules import FIXED_ONCE_BOOKED, Status
from coachway.bookings.charters.schemas import CloneInput
from coachway.clients.model import Client
from coachway.contracts.bookings import CharterDeleted, CharterModified
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, apply_changes
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote
from coachway.pricing.quote_service import PricingContext

_DELETABLE: Final = frozenset({Status.QUOTE, Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


def create(caller: Caller, wanted: CharterInput, **more: Any) -> Charter:
    """Quote a new charter: number, price, quote and event in one transaction.

    Raises Missing for an unknown client, Invalid for stops, times or zones that do not fit.
    """
    house = drafting.load_pricing_context(caller, wanted)
    made = drafting.build_charter(caller, house, wanted, **more)
    charter = made.charter
    prefix = house.organization.number_prefixes.charter

    def build(n: int) -> list[Op]:
        charter.number = drafting.format_number(prefix, charter, n)
        return [
            Create(charter, [drafting.charter_created_event(charter)]),
            *made.quote_ops,
            status_counts.count_changes_op(caller.org_id, [], [charter]),
        ]

    store.commit_with_sequence(caller, drafting.sequence_name(charter), build, answer=charter)
    return charter


def update(caller: Caller, charter_id: str, changes: PartialUpdate[CharterInput], expected: int | None) -> Charter:
    """Edit a charter. What was quoted makes a new revision, priced again, and voids the link of the old one.

    Raises Conflict when the charter is booked and the change touches price, time or stops, or when it is closed.
    """
    before = get_charter(caller, charter_id, expected=expected)
    wished = apply_changes(before, changes)
    if "stops" in changes:
        wished = wished.model_copy(update={"stops": trip_times.complete_stops(wished.stops, before.timezone)})
    named = frozenset(name for name in CharterInput.model_fields if getattr(wished, name) != getattr(before, name))
    rules.require_editable(before.status, named, awarded=bool(before.vendor_ids))
    if not named:
        return before
    if not named & FIXED_ONCE_BOOKED:
        store.commit(
            caller,
            Update(before, wished, [CharterModified(**event_payloads.charter_event_fields(wished), revised=False)]),
        )
        return wished
    quote_key = QUOTE.key(org=caller.org_id, id=before.quote.id)
    client_key = CLIENT.key(org=caller.org_id, id=wished.client_id)
    found = store.batch_get([quote_key, client_key, *PricingContext.keys(caller.org_id)])
    if "client_id" in named:
        drafting.require_active_client(found.get(Client, client_key))
    house = PricingContext.of(caller.org_id, found)
    made = drafting.build_revision(
        caller, house, wished, estimate_miles="miles" not in changes and before.miles_estimated
    )
    after = made.charter
    old = found.find(Quote, quote_key)
    store.commit(
        caller,
        Update(before, after, [CharterModified(**event_payloads.charter_event_fields(after), revised=True)]),
        *made.quote_ops,
        *([quote_acceptance.set_status_op(old, "superseded")] if old else []),
        status_counts.count_changes_op(caller.org_id, [before], [after]),
    )
    return after


def clone(caller: Caller, charter_id: str, body: CloneInput) -> Charter:
    """A new quote for the same trip, or for the same trip at another time; not part of the original's series."""
    original = get_charter(caller, charter_id)
    wanted = original.model_dump(include=set(CharterInput.model_fields))
    stops = original.stops
    if body.estimated_departure is not None:
        stops = trip_times.shift_by_duration(stops, body.estimated_departure - original.starts_at)
    if original.miles_estimated:
        wanted["miles"] = None
    again = CharterInput.model_validate({**wanted, "stops": stops})
    return create(caller, again, cloned_from_charter_id=original.id)


def delete(caller: Caller, charter_id: str, expected: int | None) -> None:
    """Take a charter off every list; its history stays. Raises Conflict when it is booked: it is cancelled instead."""
    before = get_charter(caller, charter_id, expected=expected)
    if before.status not in _DELETABLE:
        raise errors.Conflict(f"this charter is {before.status}: cancel it instead", title="it cannot be deleted")
    after = before.model_copy(update={"deleted_at": clock.now()})
    told = CharterDeleted(**event_payloads.charter_event_fields(before))
    store.commit(caller, Update(before, after, [told]), status_counts.count_changes_op(caller.org_id, [before], []))
