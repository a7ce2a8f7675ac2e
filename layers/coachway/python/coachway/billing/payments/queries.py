"""Get and list payments."""

from coachway.billing.payments.model import BY_MONTH, OF_CLIENT, OF_SUBJECT, PAYMENT, Payment, PaymentQuery
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.internal_fields import hide_internal_fields, hide_internal_fields_in_page
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.schemas import Page


def get_payment(caller: Caller, payment_id: str) -> Payment:
    """Get a payment as it is stored. Raises NotFound, also for payments the caller cannot see."""
    payment = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    if caller.is_external and (caller.role != "client" or caller.party_id != payment.client_id):
        raise errors.NotFound("The payment was not found.")
    return payment


def show_payment(caller: Caller, payment_id: str) -> Payment:
    """Get a payment as the caller may see it. Raises NotFound."""
    return hide_internal_fields(caller, get_payment(caller, payment_id))


def list_payments(caller: Caller, query: PaymentQuery) -> Page[Payment]:
    """List payments, newest first. Clients see their own."""
    return hide_internal_fields_in_page(caller, _list_payments(caller, query))


def _list_payments(caller: Caller, query: PaymentQuery) -> Page[Payment]:
    client_id = query.client_id
    if caller.is_external:
        if client_id not in {None, caller.party_id}:
            raise errors.NotFound("The client was not found.")
        client_id = caller.party_id
    filters: dict[str, str | int | bool] = {
        name: value.value for name, value in (("status", query.status), ("method", query.method)) if value is not None
    }
    subject = query.invoice_id or query.charter_id
    if subject is not None:
        if client_id is not None:
            filters["client_id"] = client_id
        partition = OF_SUBJECT.partition(org=caller.org_id, subject=subject)
        return query_page(Payment, OF_SUBJECT, [partition], query, where=filters, descending=True)
    if client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
        return query_page(Payment, OF_CLIENT, [partition], query, where=filters, descending=True)
    return query_by_month(Payment, BY_MONTH, caller, query, where=filters)
