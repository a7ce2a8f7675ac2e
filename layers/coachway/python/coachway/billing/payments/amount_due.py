"""What can be paid by now: of an invoice all that is due, ahead for a charter what its schedule says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.rules import require_payable
from coachway.bookings import payment_schedule
from coachway.bookings.charters import instalments
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import CheckVersion, Op
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_UNPAYABLE: Final = frozenset({Status.DECLINED, Status.EXPIRED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class AmountDue:
    """What can be paid: of whom, for what, how much by now, and at most."""

    client_id: str
    number: str
    currency: str
    due: int
    most: int
    paid: int
    conditions: Sequence[Op]
    invoice_id: str | None = None
    charter_id: str | None = None


def of_invoice(caller: Caller, invoice_id: str) -> AmountDue:
    """What can be paid of an invoice. Raises Missing, Conflict when it takes no payments."""
    on = payment_effects.load_context(caller, invoice_id)
    invoice = on.invoice
    require_payable(invoice.status, invoice.balance_due, 1)
    changed = errors.ConcurrentUpdate("this invoice was changed by somebody else: look at it again")
    return AmountDue(
        client_id=invoice.client_id,
        number=invoice.number,
        currency=invoice.currency,
        due=invoice.balance_due,
        most=invoice.balance_due,
        paid=invoice.amount_paid,
        conditions=[CheckVersion(invoice, changed)],
        invoice_id=invoice.id,
    )


def of_charter(caller: Caller, charter_id: str) -> AmountDue:
    """What can be paid ahead for a charter. Raises Missing, Conflict when it takes no payments."""
    charter = charter_queries.get_charter(caller, charter_id)
    if caller.is_outside and caller.party_id != charter.client_id:
        raise errors.NotFound("there is no such charter")
    if charter.status in _UNPAYABLE:
        raise errors.Conflict(f"this charter is {charter.status}", title="this charter takes no payments")
    if charter.status is Status.QUOTE and not charter.is_accepted:
        raise errors.Conflict(
            "its client has not accepted the quote yet: that comes first", title="this charter takes no payments"
        )
    if charter.invoice_id is not None:
        raise errors.Conflict(f"it is on {charter.invoice_id}: pay that", title="this charter is invoiced")
    changed = errors.ConcurrentUpdate("this charter was changed by somebody else: look at it again")
    return AmountDue(
        client_id=charter.client_id,
        number=charter.number,
        currency=charter.quote.currency,
        due=_due_now(charter),
        most=max(0, charter.quote.total - charter.amount_paid),
        paid=charter.amount_paid,
        conditions=[CheckVersion(charter, changed)],
        charter_id=charter.id,
    )


def _due_now(charter: Charter) -> int:
    """Cents that are due by today; when nothing is, of the next instalment."""
    client_key, house_key = CLIENT.key(org=charter.org_id, id=charter.client_id), ORGANIZATIONS.key(org=charter.org_id)
    found = store.batch_get([client_key, house_key])
    client = found.find(Client, client_key)
    parts = payment_schedule.instalments_of(charter, client, found.get(Organization, house_key)) if client else []
    due = instalments.amount_due_by(parts, payment_schedule.local_today(charter)) - charter.amount_paid
    return (
        due if due > 0 else next((left for left in instalments.open_instalments(parts, charter.amount_paid) if left), 0)
    )
