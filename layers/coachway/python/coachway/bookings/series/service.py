"""Recurring series of charters. A series is created completely or not at all.

One transaction writes the series, its charters, their numbers and the counts. The charters' quotes, search entries and
`charter.created` events do not fit into it. It stores them as batches, which are delivered immediately after it, or by
the timer if this process fails (see `outbox`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from coachway.bookings.charters import drafting, status_counts, trip_places, trip_times
from coachway.bookings.charters.drafting import CharterDraft
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.schemas import RecurringInput, RecurringQuery, SeriesException
from coachway.bookings.charters.trip_model import CharterInput, Stop
from coachway.bookings.recurrence import dates as recurrence_dates
from coachway.bookings.recurrence import rrule
from coachway.bookings.series import outbox
from coachway.contracts.bookings import SeriesCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.responses import response_json
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.core.types.time_zones import at_same_local_time

MAX_BYTES: Final = 3_000_000
"""Maximum size of one series: a DynamoDB transaction has at most 4 MB."""
MAX_RESPONSE_BYTES: Final = 350_000
"""Maximum size of a response that is stored for an Idempotency-Key: a DynamoDB item has at most 400 KB."""

SERIES = AccessPattern("a series of charters", pk="ORG#{org}#SERIES#{id}", sk="HEAD")


class Series(Entity):
    """A series: its rule and its charters, in order."""

    KIND: ClassVar[str] = "series"

    client_id: str
    recurrence_rule: str
    exceptions: list[SeriesException]
    charter_ids: list[str]

    def key(self) -> Key:
        return SERIES.key(org=self.org_id, id=self.id)


def create_series(caller: Caller, request: RecurringInput, query: RecurringQuery) -> Page[Charter]:
    """Create the charters of a series, each priced and checked separately.

    Raises Invalid for a wrong rule or exception, NotFound if the client does not exist, TooLarge if the series does not
    fit into one transaction.
    """
    context = drafting.load_context(caller, request)
    request, places = trip_places.locate_trip(caller, request)
    occurrences = _plan_occurrences(request, query, context.pricing.organization.timezone)
    series = Series(
        id=ids.new("ser"),
        org_id=caller.org_id,
        client_id=request.client_id,
        recurrence_rule=query.recurrence_rule,
        exceptions=request.exceptions,
        charter_ids=[],
    )
    drafts: list[CharterDraft] = []
    for number, stops in enumerate(occurrences, 1):
        charter_input = CharterInput.model_validate(
            {**request.model_dump(exclude={"stops", "exceptions"}), "stops": stops}
        )
        fields: dict[str, Any] = {
            "series_id": series.id,
            "recurrence_rule": query.recurrence_rule,
            "instance_number": number,
            "series_total": len(occurrences),
            "is_series_master": number == 1,
            "parent_charter_id": drafts[0].charter.id if drafts else None,
        }
        drafts.append(drafting.build_charter(caller, context, charter_input, places, **fields))
    _commit_series(caller, series, drafts, context.pricing.organization.number_prefixes.charter)
    return Page(items=[draft.charter for draft in drafts])


def list_series(caller: Caller, charter_id: str) -> Page[Charter]:
    """List the charters of a charter's series, in order; only the charter if it has no series. Raises NotFound."""
    charter = get_charter(caller, charter_id)
    if charter.series_id is None:
        return Page(items=[charter])
    series = store.get(Series, SERIES.key(org=caller.org_id, id=charter.series_id))
    records = store.find_many(Charter, [CHARTER.key(org=caller.org_id, id=each) for each in series.charter_ids])
    return Page(items=sorted(records.values(), key=lambda each: each.instance_number or 0))


def _plan_occurrences(request: RecurringInput, query: RecurringQuery, default_zone: str) -> list[list[Stop]]:
    """The stops of each occurrence, with exceptions applied."""
    first = trip_times.build_trip_schedule(request, default_zone)
    stops, zone, starts = first.stops, first.zone, first.starts_at
    days = recurrence_dates.expand_rule(
        rrule.parse_rule(query.recurrence_rule, starts), starts.date(), query.instance_count
    )
    exceptions: dict[date, SeriesException] = {}
    for index, exception in enumerate(request.exceptions):
        if exception.date not in days or exception.date in exceptions:
            raise errors.Invalid.field(
                f"exceptions.{index}.date", "must be the date of an occurrence, and each date only once"
            )
        exceptions[exception.date] = exception
    occurrences: list[list[Stop]] = []
    for day in days:
        departure: datetime | None = at_same_local_time(starts, day, zone)
        if day in exceptions:
            departure = exceptions[day].estimated_departure
        if departure is not None:
            occurrences.append(trip_times.move_trip(stops, departure))
    if not occurrences:
        raise errors.Invalid.field("exceptions", "must leave at least one occurrence")
    return occurrences


def _commit_series(caller: Caller, series: Series, drafts: Sequence[CharterDraft], prefix: str) -> None:
    charters = [draft.charter for draft in drafts]
    series.charter_ids = [charter.id for charter in charters]
    event = SeriesCreated(
        series_id=series.id,
        client_id=series.client_id,
        recurrence_rule=series.recurrence_rule,
        charter_ids=series.charter_ids,
    )
    counts: dict[str, int] = {}
    for charter in charters:
        counts[drafting.sequence_name(charter)] = counts.get(drafting.sequence_name(charter), 0) + 1
    batches: list[outbox.OutboxBatch] = []

    def build_ops(first_numbers: Mapping[str, int]) -> list[Op]:
        next_numbers = dict(first_numbers)
        for charter in charters:
            name = drafting.sequence_name(charter)
            charter.number = drafting.format_number(prefix, charter, next_numbers[name])
            next_numbers[name] += 1
        batches[:] = outbox.pack_batches(caller, series.id, drafts)
        _require_size(caller, charters, batches)
        return [
            Create(series, [event]),
            *(Create(charter, defers_search=True) for charter in charters),
            *(Create(batch) for batch in batches),
            status_counts.count_changes_op(caller.org_id, [], charters),
        ]

    store.commit_with_sequences(caller, counts, build_ops, response=Page(items=charters))
    outbox.deliver_batches(caller, batches)


def _require_size(caller: Caller, charters: Sequence[Charter], batches: Sequence[outbox.OutboxBatch]) -> None:
    size = sum(len(each.model_dump_json().encode()) for each in (*charters, *batches))
    response_size = (
        len(response_json.to_json(Page(items=list(charters))).encode()) if caller.idempotency is not None else 0
    )
    if size > MAX_BYTES or response_size > MAX_RESPONSE_BYTES:
        raise errors.TooLarge("This series is too large for one request. Use fewer occurrences or shorter texts.")
