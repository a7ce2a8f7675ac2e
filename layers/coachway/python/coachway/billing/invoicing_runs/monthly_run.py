"""The monthly invoicing run: the steps of `statemachines/invoicing.asl.yaml`.

Each step can be done again: what a trip is on says whether it was invoiced. A client whose trips cannot be invoiced
does not keep the others from it; the run says so, and is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.billing.invoices import issue_and_void
from coachway.billing.invoices.model import INVOICE, MOST_CHARTERS, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.invoices.service import drafted, retry_on_invoice_change
from coachway.billing.invoicing_runs import unbilled_trips
from coachway.billing.invoicing_runs.unbilled_trips import Unbilled
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.clients.model import Client
from coachway.clients.rules import has_terms
from coachway.contracts.billing.invoices import InvoicingFinished, RunFailure
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.money import Amount
from coachway.identity import organization_queries

_AT_ONCE: Final = 100

RUN = AccessPattern(
    "what the invoicing run of a month did",
    pk="ORG#{org}#INVOICING#{month}",
    sk="HEAD",
)


class Month(BaseSchema):
    """Which month of which organization is invoiced."""

    org_id: str
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]

    @property
    def end(self) -> date:
        """The first day after it."""
        year, month = map(int, self.month.split("-"))
        return date(year + month // 12, month % 12 + 1, 1)

    @property
    def spoken(self) -> str:
        """As people say it: `January 2027`."""
        return f"{date.fromisoformat(f'{self.month}-01'):%B %Y}"


class Invoiced(BaseSchema):
    """What became of one client's trips."""

    client_id: str
    invoice_ids: list[str] = Field(default_factory=list)
    failure: str = ""


class InvoicingRun(Entity):
    """What the run of a month did, over all the times that it was made."""

    KIND: ClassVar[str] = "invoicing_run"

    month: str
    invoice_ids: list[str] = Field(default_factory=list)
    invoices: int = 0
    total: Amount = 0
    failures: list[RunFailure] = Field(default_factory=list)
    finished_at: AwareDatetime

    def key(self) -> Key:
        return RUN.key(org=self.org_id, month=self.month)


def clients(caller: Caller, run: Month) -> list[str]:
    """The clients with trips that took place before the month's end and are not invoiced."""
    due = {each.client_id for each in unbilled_trips.everywhere(caller.org_id) if each.trip_date < run.end}
    return sorted(due)


def invoice(caller: Caller, run: Month, client_id: str) -> Invoiced:
    """Invoice a client's trips that it has terms for. Raises what was in the way, such as a trip that changed."""
    done = Invoiced(client_id=client_id)
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=client_id))
    noted = [each for each in unbilled_trips.of_client(caller.org_id, client_id) if each.trip_date < run.end]
    parts = list(batched_of(noted, MOST_CHARTERS))
    for number, some in enumerate(parts, 1):
        if client is not None:
            said = f"Part {number} of {len(parts)} of the trips of {run.spoken}." if len(parts) > 1 else ""
            done.invoice_ids += _drafts(caller, run, client, some, said)
    for invoice_id in done.invoice_ids:
        draft = store.get(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
        if draft.status is InvoiceStatus.DRAFT:
            issue_and_void.issue(caller, invoice_id)
    for each in noted:
        unbilled_trips.forget(caller, each)
    return done


def batched_of(noted: Sequence[Unbilled], most: int) -> Iterable[Sequence[Unbilled]]:
    """At most so many at a time."""
    return (noted[at : at + most] for at in range(0, len(noted), most))


def _drafts(caller: Caller, run: Month, client: Client, noted: Sequence[Unbilled], notes: str = "") -> list[str]:
    """A draft of those of these trips that are on credit; also drafts that this run, or one before, left behind.

    A trip that was booked on credit is, whatever its client's terms are by now; others are paid for when they are due.
    """
    with_terms = has_terms(client.payment_terms)

    def act() -> list[str]:
        keys = [CHARTER.key(org=caller.org_id, id=each.charter_id) for each in noted]
        trips = [trip for trip in store.find_many(Charter, keys).values() if trip.status is Status.COMPLETED]
        open_ = [trip for trip in trips if trip.invoice_id is None and (with_terms or trip.credit_reserved)]
        found = _of_runs(caller, {trip.invoice_id for trip in trips if trip.invoice_id is not None})
        if open_:
            made, ops = drafted(organization_queries.get(caller.org_id), client, open_, notes=notes, month=run.month)
            store.commit(caller, *ops)
            found.append(made.id)
        return found

    return retry_on_invoice_change(act)


def _of_runs(caller: Caller, invoice_ids: Iterable[str]) -> list[str]:
    """Those of them that a run made: staff issue their own drafts themselves."""
    keys = [INVOICE.key(org=caller.org_id, id=each) for each in sorted(invoice_ids)]
    return [each.id for each in store.find_many(Invoice, keys).values() if each.month is not None] if keys else []


def failed(caller: Caller, run: Month, error: str) -> None:
    """Keep that a run stands still, where the next summary takes it away again; the organization is told."""

    def act() -> None:
        before = store.find(InvoicingRun, RUN.key(org=caller.org_id, month=run.month))
        broken = RunFailure(client_id="", client_name="The run itself", reason=f"It stopped: {error[:100]}")
        _keep(caller, run, before, before.invoice_ids if before else [], [broken])

    retry_on_conflict(act)()


def summarize(caller: Caller, run: Month, results: Sequence[Invoiced]) -> InvoicingRun:
    """Keep what was done, and tell the organization, if there is something new to tell."""
    return retry_on_conflict(lambda: _summarize(caller, run, results))()


def _summarize(caller: Caller, run: Month, results: Sequence[Invoiced]) -> InvoicingRun:
    before = store.find(InvoicingRun, RUN.key(org=caller.org_id, month=run.month))
    known = before.invoice_ids if before else []
    made = [each for result in results for each in result.invoice_ids]
    every = list(dict.fromkeys([*known, *made]))
    failures = _failures(caller, results)
    return _keep(caller, run, before, every, failures)


def _keep(
    caller: Caller, run: Month, before: InvoicingRun | None, every: list[str], failures: list[RunFailure]
) -> InvoicingRun:
    """Write what is known of the run now, and tell of it if that is something new."""
    if before is not None and (before.invoice_ids, before.failures) == (every, failures):
        return before
    after = InvoicingRun(
        id=before.id if before else ids.new("run"),
        org_id=caller.org_id,
        created_at=before.created_at if before else clock.now(),
        month=run.month,
        invoice_ids=every,
        invoices=len(every),
        total=_total(caller, every),
        failures=failures,
        finished_at=clock.now(),
    )
    currency = organization_queries.get(caller.org_id).currency
    said: dict[str, Any] = after.model_dump(include={"month", "invoices", "total", "failures"})
    told = [InvoicingFinished(currency=currency, **said)] if every or failures else []
    op: Op = Create(after, told) if before is None else Update(before, after, told)
    store.commit(caller, op)
    if failures:
        unbilled_trips.reschedule_current_month(caller)
    return after


def _failures(caller: Caller, results: Sequence[Invoiced]) -> list[RunFailure]:
    wrong = {each.client_id: each.failure for each in results if each.failure}
    names: dict[str, str] = {}
    for some in _hundreds(list(wrong)):
        found = store.find_many(Client, [CLIENT.key(org=caller.org_id, id=each) for each in some])
        names |= {client.id: client.name for client in found.values()}
    return [RunFailure(client_id=each, client_name=names.get(each, ""), reason=why) for each, why in wrong.items()]


def _total(caller: Caller, invoice_ids: Sequence[str]) -> int:
    total = 0
    for some in _hundreds(invoice_ids):
        found = store.find_many(Invoice, [INVOICE.key(org=caller.org_id, id=each) for each in some])
        total += sum(each.total for each in found.values())
    return total


def _hundreds(all_: Sequence[str]) -> Iterable[Sequence[str]]:
    return (all_[at : at + _AT_ONCE] for at in range(0, len(all_), _AT_ONCE))
