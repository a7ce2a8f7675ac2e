"""Recurring charters: the whole series is written, or none of it.

One transaction writes the series, every charter, their numbers and counts: readers see all of it or nothing. The
charters' quotes and `charter.created` events do not fit beside them. They lie in the same transaction as parcels, and
are delivered right after it, or by the timer if this process dies first (see `parcels`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from coachway.bookings.charters import drafting, status_counts, trip_times
from coachway.bookings.charters.drafting import Draft
from coachway.bookings.charters.model import CHARTER, Charter, CharterInput, Stop
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.schemas import RecurringInput, RecurringQuery, SeriesException
from coachway.bookings.recurrence import dates as recurrence_dates
from coachway.bookings.recurrence import rrule
from coachway.bookings.series import outbox
from coachway.contracts.bookings import SeriesCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import serialization
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import Page
from coachway.core.types import ids

MAX_BYTES: Final = 3_000_000
"""Of one series: DynamoDB takes 4 MB in a transaction."""
MAX_RESPONSE_BYTES: Final = 350_000
"""Of the answer that an Idempotency-Key remembers in one item, which may have 400 KB."""

SERIES = AccessPattern("a series of charters", pk="ORG#{org}#SERIES#{id}", sk="HEAD")


class Series(Entity):
    """A series: its rule, and its charters in order."""

    KIND: ClassVar[str] = "series"

    client_id: str
    recurrence_rule: str
    exceptions: list[SeriesException]
    charter_ids: list[str]

    def key(self) -> Key:
        return SERIES.key(org=self.org_id, id=self.id)


def create_series(caller: Caller, wanted: RecurringInput, query: RecurringQuery) -> Page[Charter]:
    """Quote every charter of a series, each priced and checked on its own.

    Raises Invalid for a rule or an exception that makes no sense, Missing for an unknown client, TooLarge for more
    than fits into one transaction.
    """
    house = drafting.load_pricing_context(caller, wanted)
    days = _plan_occurrences(wanted, query, house.organization.timezone)
    series = Series(
        id=ids.new("ser"),
        org_id=caller.org_id,
        client_id=wanted.client_id,
        recurrence_rule=query.recurrence_rule,
        exceptions=wanted.exceptions,
        charter_ids=[],
    )
    made: list[Draft] = []
    for number, stops in enumerate(days, 1):
        one = CharterInput.model_validate({**wanted.model_dump(exclude={"stops", "exceptions"}), "stops": stops})
        more: dict[str, Any] = {
            "series_id": series.id,
            "recurrence_rule": query.recurrence_rule,
            "instance_number": number,
            "series_total": len(days),
            "is_series_master": number == 1,
            "parent_charter_id": made[0].charter.id if made else None,
        }
        made.append(drafting.build_charter(caller, house, one, **more))
    _commit_series(caller, series, made, house.organization.number_prefixes.charter)
    return Page(items=[draft.charter for draft in made])


def list_series(caller: Caller, charter_id: str) -> Page[Charter]:
    """All charters of the series that a charter is in, in order; only itself when it is in none. Raises Missing."""
    charter = get_charter(caller, charter_id)
    if charter.series_id is None:
        return Page(items=[charter])
    series = store.get(Series, SERIES.key(org=caller.org_id, id=charter.series_id))
    found = store.find_many(Charter, [CHARTER.key(org=caller.org_id, id=each) for each in series.charter_ids])
    return Page(items=sorted(found.values(), key=lambda each: each.instance_number or 0))


def _plan_occurrences(wanted: RecurringInput, query: RecurringQuery, default_zone: str) -> list[list[Stop]]:
    """The stops of every occurrence that takes place."""
    first = trip_times.build_trip_schedule(wanted, default_zone)
    stops, zone, starts = first.stops, first.zone, first.starts_at
    days = recurrence_dates.expand_rule(
        rrule.parse_rule(query.recurrence_rule, starts), starts.date(), query.instance_count
    )
    exceptions: dict[date, SeriesException] = {}
    for index, exception in enumerate(wanted.exceptions):
        if exception.date not in days or exception.date in exceptions:
            raise errors.Invalid.field(
                f"exceptions.{index}.date", "must be the day of an occurrence, and each day only once"
            )
        exceptions[exception.date] = exception
    found: list[list[Stop]] = []
    for day in days:
        usual = trip_times.shift_by_days(stops, (day - starts.date()).days, zone)
        differs = exceptions.get(day)
        if differs is None:
            found.append(usual)
        elif differs.estimated_departure is not None and usual[0].estimated_departure is not None:
            found.append(
                trip_times.shift_by_duration(usual, differs.estimated_departure - usual[0].estimated_departure)
            )
    if not found:
        raise errors.Invalid.field("exceptions", "leave at least one occurrence")
    return found


def _commit_series(caller: Caller, series: Series, made: Sequence[Draft], prefix: str) -> None:
    charters = [draft.charter for draft in made]
    series.charter_ids = [charter.id for charter in charters]
    told = SeriesCreated(
        series_id=series.id,
        client_id=series.client_id,
        recurrence_rule=series.recurrence_rule,
        charter_ids=series.charter_ids,
    )
    wanted: dict[str, int] = {}
    for charter in charters:
        wanted[drafting.sequence_name(charter)] = wanted.get(drafting.sequence_name(charter), 0) + 1
    packed: list[outbox.OutboxBatch] = []

    def build(firsts: Mapping[str, int]) -> list[Op]:
        following = dict(firsts)
        for charter in charters:
            name = drafting.sequence_name(charter)
            charter.number = drafting.format_number(prefix, charter, following[name])
            following[name] += 1
        packed[:] = outbox.pack_batches(caller, series.id, made)
        _require_size(caller, charters, packed)
        return [
            Create(series, [told]),
            *(Create(charter) for charter in charters),
            *(Create(parcel) for parcel in packed),
            status_counts.count_changes_op(caller.org_id, [], charters),
        ]

    store.commit_with_sequences(caller, wanted, build, answer=Page(items=charters))
    outbox.deliver_batches(caller, packed)


def _require_size(caller: Caller, charters: Sequence[Charter], packed: Sequence[outbox.OutboxBatch]) -> None:
    size = sum(len(each.model_dump_json().encode()) for each in (*charters, *packed))
    answer = len(serialization.to_json(Page(items=list(charters))).encode()) if caller.attempt is not None else 0
    if size > MAX_BYTES or answer > MAX_RESPONSE_BYTES:
        raise errors.TooLarge("this series is too large to be written at once: fewer occurrences, or shorter texts")
