"""The charter or invoice of a collection, and the amount of it that is due on a day."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from coachway.billing.collections.model import Collection
from coachway.billing.collections.rules import COLLECTED_STATUSES
from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.payment_effects import InvoicePaymentContext
from coachway.bookings import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import payment_link_nonce
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op


@dataclass(frozen=True, slots=True)
class CollectedSubject:
    """The invoice of a collection, or its charter if it has no invoice."""

    currency: str
    timezone: str
    invoice: InvoicePaymentContext | None = None
    charter: Charter | None = None

    def amount_due_by(self, day: date) -> int:
        """Return the cents that are due by the end of `day` and not paid. 0 for a charter that was invoiced."""
        if self.invoice is not None:
            return self.invoice.amount_due_by(day)
        charter = self.charter
        if charter is None or charter.status not in COLLECTED_STATUSES or charter.invoice_id is not None:
            return 0
        return max(0, instalments.sum_due_by(charter.instalments, day) - charter.amount_paid)

    def local_date(self, at: datetime) -> date:
        """Return the date of a time in the time zone of the charter, or of the organization for an invoice."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def payment_link_nonce(self) -> tuple[str, list[Op]]:
        """Return the nonce of the link to the payment page, and the operations that create the link if necessary."""
        if self.invoice is not None:
            return self.invoice.invoice.link_nonce, []
        return payment_link_nonce(self.charter) if self.charter is not None else ("", [])


def load_subject(caller: Caller, collection: Collection) -> CollectedSubject:
    """Load the charter or invoice of a collection."""
    if collection.invoice_id is not None:
        context = payment_effects.load_payment_context(caller, collection.invoice_id)
        return CollectedSubject(context.invoice.currency, context.organization.timezone, context)
    charter = find_charter(collection)
    if charter is None:
        return CollectedSubject("", "UTC")
    return CollectedSubject(charter.quote.currency, charter.timezone, charter=charter)


def find_charter(collection: Collection) -> Charter | None:
    """Find the charter of a collection. None for the collection of an invoice."""
    if collection.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=collection.org_id, id=collection.charter_id))
