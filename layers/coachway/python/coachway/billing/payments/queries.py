"""Payments: find, list."""

from __future__ import annotations

from coachway.billing.payments.model import BY_MONTH, OF_CLIENT, OF_SUBJECT, PAYMENT, Payment, PaymentQuery
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids


def get(caller: Caller, payment_id: str) -> Payment:
    """The payment. Raises Missing, also for one that is not the client's who asks."""
    found = store.get(Payment, PAYMENT.key(org=caller.org_id, id=payment_id))
    if caller.is_outside and (caller.role != "client" or caller.party_id != found.client_id):
        raise errors.NotFound("there is no such payment")
    return found


def listed(caller: Caller, query: PaymentQuery) -> Page[Payment]:
    """Payments, newest first; a client's own, if it is one who asks."""
    client_id = query.client_id
    if caller.is_outside:
        if client_id not in {None, caller.party_id}:
            raise errors.NotFound("there is no such client")
        client_id = caller.party_id
    where: dict[str, str | int | bool] = {
        name: value.value for name, value in (("status", query.status), ("method", query.method)) if value is not None
    }
    subject = query.invoice_id or query.charter_id
    if subject is not None:
        if client_id is not None:
            where["client_id"] = client_id
        partition = OF_SUBJECT.partition(org=caller.org_id, subject=subject)
        return query_page(Payment, OF_SUBJECT, [partition], query, where=where, descending=True)
    if client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
        return query_page(Payment, OF_CLIENT, [partition], query, where=where, descending=True)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Payment, BY_MONTH, partitions, query, where=where, descending=True)
