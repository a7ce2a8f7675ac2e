"""The journal: a balanced entry for each movement of money, written in the same transaction as its cause.

    movement = movements.build_payment_received(...)
    store.commit(caller, Update(invoice, after), *journal.journal_ops(organization, movement))

Entries are never changed or deleted: a correction is a reversing entry. An entry belongs to a day in the organization's
time zone. The same transaction adds it to the monthly totals of its accounts. The totals of a month are spread over
four items, so that concurrent writes seldom conflict.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from coachway.billing.ledger.accounts import LedgerAccount, Movement, MovementKind, Posting, require_balanced
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, IncrementCounters, Op
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import Day
from coachway.core.types.money import ApiAmount
from coachway.identity.model.organization import Organization

_TOTALS_SHARDS: Final = 4
_MONTHS_PER_READ: Final = 100 // _TOTALS_SHARDS
_MAX_UTC_OFFSET: Final = timedelta(hours=14)
"""The largest offset of a time zone from UTC (Pacific/Kiritimati)."""

MAX_ENTRIES_PER_MONTH: Final = 100_000
"""An export or a check reads at most this many entries of a month."""

JOURNAL = AccessPattern(
    "journal entries by month",
    pk="ORG#{org}#JOURNAL#{month}",
    sk="{on}#{id}",
)
OF_CLIENT = AccessPattern(
    "journal entries of a client, newest first",
    index="gsi1",
    pk="ORG#{org}#JOURNAL_OF_CLIENT#{client}",
    sk="{on}#{id}",
)
OF_VENDOR = AccessPattern(
    "journal entries of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#JOURNAL_OF_VENDOR#{vendor}",
    sk="{on}#{id}",
)
TOTALS = AccessPattern(
    "monthly totals per account, in cents, spread over four items",
    pk="ORG#{org}#LEDGER_TOTALS",
    sk="{month}#{shard}",
)


class JournalEntry(Entity):
    """A journal entry. `entry_date` is its date in the organization's time zone."""

    KIND: ClassVar[str] = "journal_entry"

    entry_date: Annotated[Day, stored_as("on", "entry_date")]
    occurred_at: AwareDatetime
    kind: MovementKind
    currency: str
    memo: str
    postings: list[Posting] = Field(min_length=2)
    reference: Annotated[str, Field(description="ID of the payment, refund or payable that caused it.")] = ""

    @model_validator(mode="after")
    def _check_balance(self) -> Self:
        require_balanced(self.postings)
        return self

    def key(self) -> Key:
        return JOURNAL.key(org=self.org_id, month=f"{self.entry_date:%Y-%m}", on=self.entry_date, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        client_id = next((posting.client_id for posting in self.postings if posting.client_id), None)
        vendor_id = next((posting.vendor_id for posting in self.postings if posting.vendor_id), None)
        keys = {}
        if client_id is not None:
            keys["gsi1"] = OF_CLIENT.key(org=self.org_id, client=client_id, on=self.entry_date, id=self.id)
        if vendor_id is not None:
            keys["gsi2"] = OF_VENDOR.key(org=self.org_id, vendor=vendor_id, on=self.entry_date, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        account_flags = {f"on_{posting.account.value}": True for posting in self.postings}
        return {"entry_kind": self.kind.value, **account_flags}


class LedgerQuery(PageQuery):
    """Filters of the journal: account, client or vendor, and date range, both ends included."""

    account: LedgerAccount | None = None
    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vendor_id: Annotated[str | None, Field(pattern=ids.pattern("ven"))] = None
    date_from: Annotated[Day | None, Field(description="First day. Defaults to the organization's first day.")] = None
    date_to: Annotated[Day | None, Field(description="Last day. Defaults to today.")] = None


def local_date(organization: Organization, moment: datetime | None = None) -> date:
    """Return the date in the organization's time zone, now or at a given time."""
    return (moment or clock.now()).astimezone(ZoneInfo(organization.timezone)).date()


def journal_ops(organization: Organization, movement: Movement, *, reference: str = "") -> list[Op]:
    """Return the operations that write `movement` to the journal: add them to the transaction of its cause."""
    entry = build_entry(organization, movement, reference=reference)
    shard = sum(ids.to_bytes(entry.id)) % _TOTALS_SHARDS
    month = f"{entry.entry_date:%Y-%m}"
    sums: dict[str, int] = {}
    for posting in entry.postings:
        side = "debit" if posting.amount > 0 else "credit"
        name = f"{side}_{posting.account.value}"
        sums[name] = sums.get(name, 0) + abs(posting.amount)
    key = TOTALS.key(org=entry.org_id, month=month, shard=shard)
    return [Create(entry), IncrementCounters(key, sums, "ledger_totals")]


def build_entry(organization: Organization, movement: Movement, *, reference: str = "") -> JournalEntry:
    """Build the journal entry of `movement`, dated now."""
    now = clock.now()
    return JournalEntry(
        id=ids.new("jrn"),
        org_id=organization.org_id,
        entry_date=local_date(organization, now),
        occurred_at=now,
        reference=reference,
        **movement.model_dump(),
    )


def list_entries(caller: Caller, query: LedgerQuery) -> Page[JournalEntry]:
    """List entries, newest first. Raises Invalid for a range that ends before it begins."""
    first, last = query.date_from or first_day(caller.org_id), query.date_to or _last_day()
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    where: dict[str, str | int | bool] = {f"on_{query.account.value}": True} if query.account else {}
    between = (str(first), f"{last}~")
    if query.client_id is not None:
        if query.vendor_id is not None:
            raise errors.Invalid.field("vendor_id", "cannot be combined with client_id")
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(JournalEntry, OF_CLIENT, [partition], query, between=between, where=where, descending=True)
    if query.vendor_id is not None:
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=query.vendor_id)
        return query_page(JournalEntry, OF_VENDOR, [partition], query, between=between, where=where, descending=True)
    partitions = _month_partitions(caller.org_id, first, last)[::-1]
    return query_page(JournalEntry, JOURNAL, partitions, query, between=between, where=where, descending=True)


def first_day(org_id: str) -> date:
    """Return the first day that can have entries: the day before the organization was created in UTC.

    Its local date can have been that day.
    """
    return ids.get_created_at(org_id).date() - timedelta(days=1)


def _last_day() -> date:
    """Return the last day that can have entries: today in the time zone that is furthest ahead.

    A later day can be in the next month, whose partition is empty and need not be read.
    """
    return (clock.now() + _MAX_UTC_OFFSET).date()


def _month_partitions(org_id: str, first: date, last: date) -> list[str]:
    months = months_between(get_day_start(max(first, first_day(org_id))), get_day_start(min(last, _last_day())))
    return [JOURNAL.partition(org=org_id, month=month) for month in months]


def get_day_start(day: date) -> datetime:
    """Return the start of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def iter_entries(org_id: str, first: date, last: date) -> Iterator[JournalEntry]:
    """Iterate over all entries of a date range, both ends included, oldest first: for exports and checks."""
    for partition in _month_partitions(org_id, first, last):
        yield from (
            entry
            for entry in query_all(JournalEntry, partition, limit=MAX_ENTRIES_PER_MONTH)
            if first <= entry.entry_date <= last
        )


class AccountTotals(BaseSchema):
    """Debits and credits of an account, in cents. `balance` is their difference, positive for a debit."""

    debit: ApiAmount = 0
    credit: ApiAmount = 0

    @property
    def balance(self) -> int:
        return int(self.debit - self.credit)


def load_monthly_totals(org_id: str, months: Sequence[str]) -> dict[str, dict[LedgerAccount, AccountTotals]]:
    """Load the totals per account for each month (`YYYY-MM`). One read covers two years."""
    totals: dict[str, dict[LedgerAccount, AccountTotals]] = {}
    for start in range(0, len(months), _MONTHS_PER_READ):
        batch = months[start : start + _MONTHS_PER_READ]
        keys = {
            TOTALS.key(org=org_id, month=month, shard=shard): month
            for month in batch
            for shard in range(_TOTALS_SHARDS)
        }
        sums: dict[str, dict[str, int]] = {month: {} for month in batch}
        for key, numbers in store.batch_get_counters(keys).items():
            for name, value in numbers.items():
                sums[keys[key]][name] = sums[keys[key]].get(name, 0) + value
        for month in batch:
            totals[month] = {
                account: AccountTotals(
                    debit=sums[month].get(f"debit_{account.value}", 0),
                    credit=sums[month].get(f"credit_{account.value}", 0),
                )
                for account in LedgerAccount
            }
    return totals
