"""The monthly invoicing run: find clients with unbilled trips, invoice each, and summarize the results.

Each part can be repeated, because a charter with an invoice_id is not invoiced again. A client that cannot be invoiced
does not stop the others: it is listed as a failure, and the next run invoices its trips.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field

from coachway.billing.invoices import lifecycle
from coachway.billing.invoices.model import INVOICE, MAX_CHARTERS, Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.billing.invoices.service import draft_invoice
from coachway.billing.invoicing_runs import unbilled_trips
from coachway.billing.invoicing_runs.unbilled_trips import UnbilledTrip
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
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
from coachway.core.types.money import StoredAmount
from coachway.identity import organization_queries

RUN = AccessPattern(
    "the invoicing run of a month",
    pk="ORG#{org}#INVOICING#{month}",
    sk="HEAD",
)


class InvoicingMonth(BaseSchema):
    """The month of an organization to invoice."""

    org_id: str
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]

    @property
    def end(self) -> date:
        """The first day after the month."""
        year, month = map(int, self.month.split("-"))
        return date(year + month // 12, month % 12 + 1, 1)

    @property
    def label(self) -> str:
        """The month in words: `January 2027`."""
        return f"{date.fromisoformat(f'{self.month}-01'):%B %Y}"


class ClientResult(BaseSchema):
    """The result of one client: its invoices, or why it could not be invoiced."""

    client_id: str
    invoice_ids: list[str] = Field(default_factory=list)
    failure: str = ""


class InvoicingRun(Entity):
    """The invoicing run of a month, with the invoices of all its executions and the failures of the last one."""

    KIND: ClassVar[str] = "invoicing_run"

    month: str
    invoice_ids: list[str] = Field(default_factory=list)
    invoices: int = 0
    total: StoredAmount = 0
    failures: list[RunFailure] = Field(default_factory=list)
    finished_at: AwareDatetime

    def key(self) -> Key:
        return RUN.key(org=self.org_id, month=self.month)


def list_clients_to_invoice(caller: Caller, period: InvoicingMonth) -> list[str]:
    """List the ids of clients with unbilled trips that took place before the end of the month."""
    client_ids = {
        trip.client_id for trip in unbilled_trips.list_unbilled_trips(caller.org_id) if trip.trip_date < period.end
    }
    return sorted(client_ids)


def invoice_client(caller: Caller, period: InvoicingMonth, client_id: str) -> ClientResult:
    """Invoice a client's unbilled trips. Raises the error of the first invoice that cannot be issued."""
    result = ClientResult(client_id=client_id)
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=client_id))
    trips = [
        trip
        for trip in unbilled_trips.list_unbilled_trips_of_client(caller.org_id, client_id)
        if trip.trip_date < period.end
    ]
    parts = list(split_trips(trips, MAX_CHARTERS))
    for number, part in enumerate(parts, 1):
        if client is not None:
            notes = f"Part {number} of {len(parts)} of the trips of {period.label}." if len(parts) > 1 else ""
            result.invoice_ids += _draft_invoices(caller, period, client, part, notes)
    for invoice_id in result.invoice_ids:
        draft = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
        if draft is not None and draft.status is InvoiceStatus.DRAFT:
            lifecycle.issue_invoice(caller, invoice_id)
    for trip in trips:
        unbilled_trips.remove_unbilled(caller, trip)
    return result


def split_trips(trips: Sequence[UnbilledTrip], size: int) -> Iterable[Sequence[UnbilledTrip]]:
    """Split trips into parts of at most `size`."""
    return (trips[start : start + size] for start in range(0, len(trips), size))


@retry_on_conflict
def _draft_invoices(
    caller: Caller, period: InvoicingMonth, client: Client, trips: Sequence[UnbilledTrip], notes: str = ""
) -> list[str]:
    """Draft an invoice of the trips to invoice, and return its id and those of drafts left by earlier executions.

    A trip is invoiced if the client has payment terms, or had them when the trip was booked. Other trips are paid by
    instalments.
    """
    has_payment_terms = has_terms(client.payment_terms)
    keys = [CHARTER.key(org=caller.org_id, id=trip.charter_id) for trip in trips]
    charters = [
        charter for charter in store.find_many(Charter, keys).values() if charter.status is CharterStatus.COMPLETED
    ]
    billable = [
        charter for charter in charters if charter.invoice_id is None and (has_payment_terms or charter.credit_reserved)
    ]
    invoice_ids = _list_run_drafts(
        caller, {charter.invoice_id for charter in charters if charter.invoice_id is not None}
    )
    if billable:
        invoice, ops = draft_invoice(
            organization_queries.get_organization(caller.org_id), client, billable, notes=notes, month=period.month
        )
        store.commit(caller, *ops)
        invoice_ids.append(invoice.id)
    return invoice_ids


def _list_run_drafts(caller: Caller, invoice_ids: Iterable[str]) -> list[str]:
    """Return those of the invoices that an invoicing run drafted. Drafts of staff are not issued automatically."""
    keys = [INVOICE.key(org=caller.org_id, id=invoice_id) for invoice_id in sorted(invoice_ids)]
    return (
        [invoice.id for invoice in store.find_many(Invoice, keys).values() if invoice.month is not None] if keys else []
    )


@retry_on_conflict
def record_failure(caller: Caller, period: InvoicingMonth, error: str) -> None:
    """Record a failure of the run itself and notify the organization. The next successful run removes the failure."""
    before = store.find(InvoicingRun, RUN.key(org=caller.org_id, month=period.month))
    failure = RunFailure(client_id="", client_name="The run itself", reason=f"The run failed: {error[:100]}")
    _save_run(caller, period, before, before.invoice_ids if before else [], [failure])


@retry_on_conflict
def summarize(caller: Caller, period: InvoicingMonth, results: Sequence[ClientResult]) -> InvoicingRun:
    """Save the results and notify the organization if they have changed."""
    before = store.find(InvoicingRun, RUN.key(org=caller.org_id, month=period.month))
    earlier_ids = before.invoice_ids if before else []
    new_ids = [invoice_id for result in results for invoice_id in result.invoice_ids]
    invoice_ids = list(dict.fromkeys([*earlier_ids, *new_ids]))
    failures = _build_failures(caller, results)
    return _save_run(caller, period, before, invoice_ids, failures)


def _save_run(
    caller: Caller,
    period: InvoicingMonth,
    before: InvoicingRun | None,
    invoice_ids: list[str],
    failures: list[RunFailure],
) -> InvoicingRun:
    """Save the run and notify the organization, unless nothing has changed."""
    if before is not None and (before.invoice_ids, before.failures) == (invoice_ids, failures):
        return before
    after = InvoicingRun(
        id=before.id if before else ids.new("run"),
        org_id=caller.org_id,
        created_at=before.created_at if before else clock.now(),
        month=period.month,
        invoice_ids=invoice_ids,
        invoices=len(invoice_ids),
        total=_sum_totals(caller, invoice_ids),
        failures=failures,
        finished_at=clock.now(),
    )
    currency = organization_queries.get_organization(caller.org_id).currency
    fields: dict[str, Any] = after.model_dump(include={"month", "invoices", "total", "failures"})
    events = [InvoicingFinished(currency=currency, **fields)] if invoice_ids or failures else []
    op: Op = Create(after, events) if before is None else Update(before, after, events)
    store.commit(caller, op)
    if failures:
        unbilled_trips.reschedule_current_month(caller)
    return after


def _build_failures(caller: Caller, results: Sequence[ClientResult]) -> list[RunFailure]:
    reasons = {result.client_id: result.failure for result in results if result.failure}
    clients = store.find_many(Client, [CLIENT.key(org=caller.org_id, id=client_id) for client_id in reasons])
    names = {client.id: client.name for client in clients.values()}
    return [
        RunFailure(client_id=client_id, client_name=names.get(client_id, ""), reason=reason)
        for client_id, reason in reasons.items()
    ]


def _sum_totals(caller: Caller, invoice_ids: Sequence[str]) -> int:
    keys = [INVOICE.key(org=caller.org_id, id=invoice_id) for invoice_id in invoice_ids]
    return sum(invoice.total for invoice in store.find_many(Invoice, keys).values())
