"""Charters: make, find, list, edit, clone, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from coachway.bookings import counts, drafts, journey, rules, telling
from coachway.bookings.events import CharterDeleted, CharterModified
from coachway.bookings.model import (
    BY_MONTH,
    BY_STATUS,
    BY_TRIP,
    CHARTER,
    OF_CLIENT,
    Charter,
    CharterInput,
    ClientId,
    Moment,
)
from coachway.bookings.rules import FIXED_ONCE_BOOKED, Status
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.events import HistoryEntry
from coachway.core.listing import months, page
from coachway.core.model import AccessPattern, Changes, Input, Page, PageQuery, changed
from coachway.core.ops import Create, Op, Update
from coachway.core.parties import CLIENT
from coachway.core.times import Day
from coachway.pricing import service as pricing
from coachway.pricing.quotes import QUOTE, Quote
from coachway.pricing.service import House

_OPEN_ENDED: Final = timedelta(days=730)
_LONGEST_RANGE: Final = timedelta(days=3660)
_DELETABLE: Final = frozenset({Status.QUOTE, Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


class CharterQuery(PageQuery):
    """Which charters to list. With a date, by departure, soonest first; else newest first."""

    status: Status | None = None
    client_id: ClientId | None = None
    vendor_id: Annotated[str | None, Field(pattern=ids.pattern("ven"))] = None
    driver_id: Annotated[str | None, Field(pattern=ids.pattern("drv"))] = None
    date_from: Annotated[
        Day | None, Field(description="first trip date, local to the trip; alone: and the two years after")
    ] = None
    date_to: Annotated[Day | None, Field(description="last trip date; alone: and the two years before")] = None


class CloneInput(Input):
    """When the copy leaves; left out: when the original does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"estimated_departure": "2027-04-07T09:00:00-04:00"}]})

    estimated_departure: Moment | None = None


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


def get(caller: Caller, charter_id: str, *, expected: int | None = None) -> Charter:
    """The charter. Raises Missing, or Stale when `expected` is not its version."""
    return store.get(Charter, CHARTER.key(org=caller.org_id, id=charter_id), expected=expected)


def listed(caller: Caller, query: CharterQuery) -> Page[Charter]:
    """A page of charters. Raises Invalid for a range of more than ten years."""
    where: dict[str, str | int | bool] = {}
    for name in ("status", "client_id", "vendor_id", "driver_id"):
        value = getattr(query, name)
        if value is not None:
            where[name] = str(value)
    if query.date_from is not None or query.date_to is not None:
        return _by_trip(caller, query, where)
    if query.client_id is not None:
        del where["client_id"]
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return page(Charter, OF_CLIENT, [partition], query, where=where, descending=True)
    pattern, named = BY_MONTH, dict[str, str]()
    if query.status is not None:
        pattern, named = BY_STATUS, {"status": str(where.pop("status"))}
    return page(Charter, pattern, _newest_first(caller, pattern, named), query, where=where, descending=True)


def _newest_first(caller: Caller, pattern: AccessPattern, named: Mapping[str, str]) -> list[str]:
    since = months(ids.made_at(caller.org_id), clock.now())
    return [pattern.partition(org=caller.org_id, month=month, **named) for month in reversed(since)]


def _by_trip(caller: Caller, query: CharterQuery, where: Mapping[str, str | int | bool]) -> Page[Charter]:
    first = query.date_from or _shifted(query.date_to, -_OPEN_ENDED)
    last = query.date_to or _shifted(query.date_from, _OPEN_ENDED)
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    if last - first > _LONGEST_RANGE:
        raise errors.Invalid.field("date_to", "must be within ten years of date_from")
    partitions = [BY_TRIP.partition(org=caller.org_id, month=month) for month in _months(first, last)]
    # `U` sorts after the `T` that follows the day in the key.
    return page(Charter, BY_TRIP, partitions, query, between=(f"{first}T", f"{last}U"), where=where)


def _shifted(day: date | None, by: timedelta) -> date:
    if day is None:
        raise ValueError("a range has an end")
    return date.fromordinal(min(max(day.toordinal() + by.days, 1), date.max.toordinal()))


def _months(first: date, last: date) -> list[str]:
    return [
        f"{month // 12:04d}-{month % 12 + 1:02d}"
        for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]


def of_client(caller: Caller, client_id: str, query: PageQuery) -> Page[Charter]:
    """The charters of one client, newest first. Raises Missing."""
    clients.get(caller, client_id)
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    return page(Charter, OF_CLIENT, [partition], query, descending=True)


def history(caller: Caller, charter_id: str) -> list[HistoryEntry]:
    """What happened to a charter, oldest first. Raises Missing."""
    return store.history(get(caller, charter_id).key())


def update(caller: Caller, charter_id: str, changes: Changes[CharterInput], expected: int | None) -> Charter:
    """Edit a charter. What was quoted makes a new revision, priced again, and voids the link of the old one.

    Raises Conflict when the charter is booked and the change touches price, time or stops, or when it is closed.
    """
    before = get(caller, charter_id, expected=expected)
    wished = changed(before, changes)
    if "stops" in changes:
        wished = wished.model_copy(update={"stops": journey.completed(wished.stops, before.timezone)})
    named = frozenset(name for name in CharterInput.model_fields if getattr(wished, name) != getattr(before, name))
    rules.require_editable(before.status, named)
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
        *([pricing.with_status(old, "superseded")] if old else []),
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
