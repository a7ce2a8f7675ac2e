"""Commands on charters: create, update, clone, delete.

This module imports pricing and driving hours, so requests that only read charters must not import it.
"""

from typing import Any, Final

from coachway.bookings.charters import (
    address_edits,
    booking_contact,
    detail_resolution,
    drafting,
    event_payloads,
    rules,
    status_counts,
    trip_places,
    trip_times,
)
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.rules import FIXED_ONCE_BOOKED, REWORDED_ADDRESSES, RUN_STATUSES, CharterStatus
from coachway.bookings.charters.schemas import CloneInput
from coachway.bookings.charters.trip_model import CharterInput, Stop
from coachway.bookings.errors import CharterNotDeletable
from coachway.clients.model import Client
from coachway.contracts.bookings import CharterDeleted, CharterModified
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, apply_changes
from coachway.core.trip_vehicles import count_vehicles
from coachway.core.types.stored_values import STORED
from coachway.pricing import quote_acceptance
from coachway.pricing.adjustment_model import PriceAdjustmentsInput
from coachway.pricing.quote_model import Quote

_DELETABLE: Final = frozenset(
    {CharterStatus.QUOTE, CharterStatus.DECLINED, CharterStatus.EXPIRED, CharterStatus.CANCELLED}
)


def create_charter(
    caller: Caller, request: CharterInput, *, adjustments: PriceAdjustmentsInput | None = None, **fields: Any
) -> Charter:
    """Create a charter with its number, price, quote and event in one transaction.

    `fields` sets fields that a request cannot set. Raises NotFound if the client does not exist, ClientInactive, or
    Invalid for wrong stops, times or time zones.
    """
    context = drafting.load_context(caller, request)
    request, places = trip_places.locate_trip(caller, request)
    draft = drafting.build_charter(caller, context, request, places, adjustments=adjustments, **fields)
    store.commit_with_sequence(
        caller,
        drafting.sequence_name(draft.charter),
        lambda sequence_number: drafting.create_charter_ops(caller, context, draft, sequence_number),
        response=draft.charter,
    )
    return draft.charter


def update_charter(
    caller: Caller, charter_id: str, changes: PartialUpdate[CharterInput], expected: int | None
) -> Charter:
    """Update a charter. Changing the trip creates a new revision with a new price, and invalidates the quote's link.

    A quote that cannot be sent is priced again by every update, because pricing rules may have been added since.

    Of a booked charter, the details, the notes and the wording of addresses can change. Raises ChangeCaseRequired for
    other changes, VehiclesAwarded, or CharterClosed.
    """
    before = get_charter(caller, charter_id, expected=expected)
    edited = apply_changes(before, _complete_vehicle_changes(changes))
    if edited.client_id != before.client_id and "contact_id" not in changes:
        edited = edited.model_copy(update={"contact_id": None})  # it is a contact of the other client
    stops = edited.stops
    if before.status is CharterStatus.QUOTE:
        stops = trip_places.carry_places(stops, before.stops, before.timezone)
    if "stops" in changes:
        edited = edited.model_copy(update={"stops": trip_times.complete_stops(stops, before.timezone)})
    changed = frozenset(name for name in CharterInput.model_fields if getattr(edited, name) != getattr(before, name))
    if before.status in RUN_STATUSES and changed & FIXED_ONCE_BOOKED == {"stops"}:
        reworded = _reword_stops(caller, before, edited)
        if reworded is not None:
            edited = edited.model_copy(update={"stops": reworded})
            changed -= {"stops"}
            changed |= {REWORDED_ADDRESSES} if reworded != before.stops else set()
    rules.require_editable(before.status, changed, awarded=bool(before.vendor_ids))
    detail_resolution.require_valid_changes(caller, edited, changed)
    is_priced_again = before.status is CharterStatus.QUOTE and bool(before.quote.preventing_sending)
    if not changed and not is_priced_again:
        return before
    if not changed & FIXED_ONCE_BOOKED and not is_priced_again:
        event = CharterModified(**event_payloads.charter_event_fields(edited), revised=False, reworded=True)
        store.commit(caller, Update(before, edited, [event]))
        return edited
    context, records, quote_key = drafting.load_revision_context(caller, edited)
    if "client_id" in changed:
        drafting.require_active_client(records.get(Client, CLIENT.key(org=caller.org_id, id=edited.client_id)))
    estimates_miles = "miles" not in changes and before.miles_estimated
    request = edited.model_copy(update={"stops": stops, **({"miles": None} if estimates_miles else {})})
    request, places = trip_places.locate_trip(caller, request)
    draft = drafting.build_revision(caller, context, request, places)
    after = draft.charter
    superseded = records.find(Quote, quote_key)
    store.commit(
        caller,
        Update(before, after, [CharterModified(**event_payloads.charter_event_fields(after), revised=True)]),
        *draft.quote_ops,
        *([quote_acceptance.set_status_op(superseded, "superseded")] if superseded else []),
        status_counts.count_changes_op(caller.org_id, [before], [after]),
    )
    return after


def _complete_vehicle_changes(changes: PartialUpdate[CharterInput]) -> PartialUpdate[CharterInput]:
    """The changes with the class and the number of vehicles that follow from changed groups."""
    groups = changes.fields.get("vehicle_groups")
    if not groups:
        return changes
    derived = {"vehicle_class": groups[0].vehicle_class, "vehicle_count": count_vehicles(groups)}
    return PartialUpdate({**derived, **changes.fields})


def _reword_stops(caller: Caller, before: Charter, edited: Charter) -> list[Stop] | None:
    """The stops of a booked trip with other words for the same places; None if the edit changes more than that."""
    if address_edits.needs_coordinates(before.stops, edited.stops):
        edited, _ = trip_places.locate_trip(caller, edited)
    unconfirmed = address_edits.list_unconfirmed(before.stops, edited.stops)
    found = trip_places.find_addresses(caller, [stop.address for pair in unconfirmed for stop in pair])
    if any(address_edits.is_elsewhere(old, found[old.address], found[new.address]) for old, new in unconfirmed):
        return None
    return address_edits.reword_stops(before.stops, edited.stops)


def clone_charter(caller: Caller, charter_id: str, body: CloneInput) -> Charter:
    """Create a charter for the same trip, optionally at another time. The copy does not belong to the series.

    It keeps the price adjustments if the caller has `pricing:override`. Otherwise the rules price it.
    """
    original = get_charter(caller, charter_id)
    fields = original.model_dump(include=set(CharterInput.model_fields) - {"salesperson_id", "po_number"})
    if original.contact_id is not None and booking_contact.load_people(original)[1] is None:
        fields["contact_id"] = None  # the contact was removed
    stops = original.stops
    if body.estimated_departure is not None:
        stops = trip_times.move_trip(stops, body.estimated_departure)
    if original.miles_estimated:
        fields["miles"] = None
    copy = CharterInput.model_validate({**fields, "stops": stops}, context=STORED)
    adjustments = original.price_adjustments if "pricing:override" in caller.permissions else None
    return create_charter(caller, copy, adjustments=adjustments, cloned_from_charter_id=original.id)


def delete_charter(caller: Caller, charter_id: str, expected: int | None) -> None:
    """Delete a charter: remove it from all lists, but keep its history. Raises CharterNotDeletable."""
    before = get_charter(caller, charter_id, expected=expected)
    if before.status not in _DELETABLE:
        raise CharterNotDeletable(f"This charter is {before.status}. Cancel it instead.")
    after = before.model_copy(update={"deleted_at": clock.now()})
    event = CharterDeleted(**event_payloads.charter_event_fields(before))
    store.commit(caller, Update(before, after, [event]), status_counts.count_changes_op(caller.org_id, [before], []))
