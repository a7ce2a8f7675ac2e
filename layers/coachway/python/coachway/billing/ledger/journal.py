"""The journal: a balanced entry for each movement of money, written in the transaction of the thing that moved.

    store.commit(caller, Update(invoice, after), *ledger.booked(organization, movements.payment_received(...)))

An entry is never changed or deleted: a mistake is booked back. It belongs to a day, and so to a month, of the
organization's own calendar. What the accounts add up to is counted month by month beside the entries, in the same
transaction, over a few items, so that a month is read at once and no item is everybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from coachway.billing.ledger.accounts import Account, Kind, Movement, Posting, require_balanced
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, IncrementCounters, Op
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import Day
from coachway.core.types.money import Amount
from coachway.identity.model.organization import Organization

_SHARDS: Final = 4
_MONTHS_AT_ONCE: Final = 100 // _SHARDS

MOST_ENTRIES: Final = 100_000
"""Of a month that an export or a check reads."""

JOURNAL = AccessPattern(
    "journal entries by the month they belong to",
    pk="ORG#{org}#JOURNAL#{month}",
    sk="{on}#{id}",
)
OF_CLIENT = AccessPattern(
    "the journal entries of a client, newest first",
    index="gsi1",
    pk="ORG#{org}#JOURNAL_OF_CLIENT#{client}",
    sk="{on}#{id}",
)
OF_VENDOR = AccessPattern(
    "the journal entries of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#JOURNAL_OF_VENDOR#{vendor}",
    sk="{on}#{id}",
)
TOTALS = AccessPattern(
    "what a month's entries add up to for each account, in cents, spread over four items",
    pk="ORG#{org}#LEDGER_TOTALS",
    sk="{month}#{shard}",
)


class Entry(Entity):
    """A movement as it is kept. `on` is its day in the organization's time zone; `reference` says what caused it."""

    KIND: ClassVar[str] = "journal_entry"

    on: Day
    occurred_at: AwareDatetime
    kind: Kind
    currency: str
    memo: str
    postings: list[Posting] = Field(min_length=2)
    reference: Annotated[str, Field(description="the id of the payment, refund or payable behind it, if any")] = ""

    @model_validator(mode="after")
    def _balanced(self) -> Entry:
        require_balanced(self.postings)
        return self

    def key(self) -> Key:
        return JOURNAL.key(org=self.org_id, month=f"{self.on:%Y-%m}", on=self.on, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        client = next((each.client_id for each in self.postings if each.client_id), None)
        vendor = next((each.vendor_id for each in self.postings if each.vendor_id), None)
        found = {}
        if client is not None:
            found["gsi1"] = OF_CLIENT.key(org=self.org_id, client=client, on=self.on, id=self.id)
        if vendor is not None:
            found["gsi2"] = OF_VENDOR.key(org=self.org_id, vendor=vendor, on=self.on, id=self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        touched = {f"on_{line.account.value}": True for line in self.postings}
        return {"entry_kind": self.kind.value, **touched}


class LedgerQuery(PageQuery):
    """Which entries: of an account, a client or a vendor; from one day to another, both included."""

    account: Account | None = None
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vendor_id: Annotated[str | None, Field(pattern=ids.pattern("ven"))] = None
    date_from: Annotated[Day | None, Field(description="left out: when the organization began")] = None
    date_to: Annotated[Day | None, Field(description="left out: today")] = None


def today(organization: Organization, at: datetime | None = None) -> date:
    """The day in the organization's time zone, now or at a moment."""
    return (at or clock.now()).astimezone(ZoneInfo(organization.timezone)).date()


def journal_ops(organization: Organization, movement: Movement, *, reference: str = "") -> list[Op]:
    """The ops that write `movement` into the journal now, for the transaction of the thing that moved. Two items."""
    entry = build_entry(organization, movement, reference=reference)
    shard = sum(ids.to_bytes(entry.id)) % _SHARDS
    month = f"{entry.on:%Y-%m}"
    sums: dict[str, int] = {}
    for line in entry.postings:
        side = "debit" if line.amount > 0 else "credit"
        name = f"{side}_{line.account.value}"
        sums[name] = sums.get(name, 0) + abs(line.amount)
    key = TOTALS.key(org=entry.org_id, month=month, shard=shard)
    return [Create(entry), IncrementCounters(key, sums, "ledger_totals")]


def build_entry(organization: Organization, movement: Movement, *, reference: str = "") -> Entry:
    """`movement` as an entry of today."""
    now = clock.now()
    return Entry(
        id=ids.new("jrn"),
        org_id=organization.org_id,
        on=today(organization, now),
        occurred_at=now,
        reference=reference,
        **movement.model_dump(),
    )


def listed(caller: Caller, query: LedgerQuery) -> Page[Entry]:
    """Entries, newest first. Raises Invalid for a range that ends before it begins."""
    first, last = query.date_from or first_day(caller.org_id), query.date_to or _latest()
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    where: dict[str, str | int | bool] = {f"on_{query.account.value}": True} if query.account else {}
    between = (str(first), f"{last}~")
    if query.client_id is not None:
        if query.vendor_id is not None:
            raise errors.Invalid.field("vendor_id", "cannot be asked for together with client_id")
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Entry, OF_CLIENT, [partition], query, between=between, where=where, descending=True)
    if query.vendor_id is not None:
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=query.vendor_id)
        return query_page(Entry, OF_VENDOR, [partition], query, between=between, where=where, descending=True)
    partitions = _partitions(caller.org_id, first, last)[::-1]
    return query_page(Entry, JOURNAL, partitions, query, between=between, where=where, descending=True)


def first_day(org_id: str) -> date:
    """A day on which there can be no entries yet: when the organization began, it may have been a day less there."""
    return ids.created_at_of(org_id).date() - timedelta(days=1)


def _latest() -> date:
    """The last day that can have entries: somewhere it is tomorrow already."""
    return clock.now().date() + timedelta(days=1)


def _partitions(org_id: str, first: date, last: date) -> list[str]:
    span = months_between(midnight(max(first, first_day(org_id))), midnight(min(last, _latest())))
    return [JOURNAL.partition(org=org_id, month=month) for month in span]


def midnight(day: date) -> datetime:
    """The beginning of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def in_range(org_id: str, first: date, last: date) -> Iterator[Entry]:
    """All entries of these days, both included, oldest first: for exports and checks."""
    for partition in _partitions(org_id, first, last):
        yield from (each for each in query_all(Entry, partition, most=MOST_ENTRIES) if first <= each.on <= last)


class AccountTotals(BaseSchema):
    """What was debited and credited to an account, in cents; `balance` is their difference, positive for a debit."""

    debit: Amount = 0
    credit: Amount = 0

    @property
    def balance(self) -> int:
        return int(self.debit - self.credit)


def totals_by_month(org_id: str, span: Sequence[str]) -> dict[str, dict[Account, AccountTotals]]:
    """For each month (`YYYY-MM`), what its entries add up to for each account. One read for two years."""
    found: dict[str, dict[Account, AccountTotals]] = {}
    for start in range(0, len(span), _MONTHS_AT_ONCE):
        some = span[start : start + _MONTHS_AT_ONCE]
        keys = {TOTALS.key(org=org_id, month=month, shard=shard): month for month in some for shard in range(_SHARDS)}
        sums: dict[str, dict[str, int]] = {month: {} for month in some}
        for key, numbers in store.batch_get_counters(keys).items():
            for name, value in numbers.items():
                sums[keys[key]][name] = sums[keys[key]].get(name, 0) + value
        for month in some:
            found[month] = {
                account: AccountTotals(
                    debit=sums[month].get(f"debit_{account.value}", 0),
                    credit=sums[month].get(f"credit_{account.value}", 0),
                )
                for account in Account
            }
    return found
