"""The terms of a draft, which follow its client and trips until it is issued: address, payment terms and deposits."""

from collections.abc import Iterable, Mapping, Sequence

from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients.model import ADDRESSES, Address, AddressType, Client
from coachway.core import store
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.queries import query_all


def apply_terms(
    draft: Invoice, client: Client | None, billing_address: Sequence[str], charters: Iterable[Charter]
) -> Invoice:
    """Return a draft with the terms of these records, as it is shown, stored and issued.

    If the client is deleted, the terms stay. A discount can lower the total below the deposits; the rest stays a
    deposit.
    """
    deposits = sum(_applicable_deposit(draft, charter) for charter in charters)
    paid_in_advance = min(draft.total, deposits)
    amounts = {
        "paid_in_advance": paid_in_advance,
        "amount_paid": paid_in_advance,
        "balance_due": draft.total - paid_in_advance,
    }
    if client is None:
        return draft.model_copy(update=amounts)
    return draft.model_copy(
        update={
            **amounts,
            "client_name": client.name,
            "client_email": client.email,
            "billing_address": list(billing_address),
            "payment_terms": client.payment_terms,
        }
    )


def _applicable_deposit(draft: Invoice, charter: Charter) -> int:
    """Return the deposits paid for a trip, in cents, up to its price."""
    price = sum(line.amount + line.tax for line in draft.lines if line.charter_id == charter.id)
    return min(charter.amount_paid, price)


def apply_current_terms(
    org_id: str, invoices: Sequence[Invoice], billing_addresses: Mapping[str, Sequence[str]]
) -> list[Invoice]:
    """Return invoices with the current terms of those that are drafts.

    `billing_addresses` are by client. A draft without one there keeps the address with which it was stored.
    """
    draft_invoices = [invoice for invoice in invoices if invoice.status is InvoiceStatus.DRAFT]
    client_keys = {draft.client_id: CLIENT.key(org=org_id, id=draft.client_id) for draft in draft_invoices}
    charter_keys = {id_: CHARTER.key(org=org_id, id=id_) for draft in draft_invoices for id_ in draft.charter_ids}
    records = store.batch_get([*client_keys.values(), *charter_keys.values()])
    clients = {id_: records.find(Client, key) for id_, key in client_keys.items()}
    charters = {id_: records.find(Charter, key) for id_, key in charter_keys.items()}

    def apply(draft: Invoice) -> Invoice:
        address = billing_addresses.get(draft.client_id, draft.billing_address)
        trips = [charter for id_ in draft.charter_ids if (charter := charters[id_]) is not None]
        return apply_terms(draft, clients[draft.client_id], address, trips)

    return [apply(invoice) if invoice.status is InvoiceStatus.DRAFT else invoice for invoice in invoices]


def load_billing_address(org_id: str, client_id: str) -> list[str]:
    """Load the lines of the client's newest billing address, or none."""
    partition = ADDRESSES.partition(org=org_id, client=client_id)
    addresses = query_all(Address, partition, prefix="ADDRESS#", descending=True, limit=50)
    billing_address = next(
        (
            address
            for address in addresses
            if address.address_type is AddressType.BILLING and address.deleted_at is None
        ),
        None,
    )
    if billing_address is None:
        return []
    region = " ".join(filter(None, (billing_address.state, billing_address.postal_code)))
    city_line = ", ".join(filter(None, (billing_address.city, region)))
    return [line for line in (billing_address.line1, billing_address.line2, city_line, billing_address.country) if line]
