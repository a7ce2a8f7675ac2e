"""Payments that Stripe knows of and we do not, as after a table was restored: made again from what we told it."""

from __future__ import annotations

from coachway.billing.payments.model import Payment
from coachway.billing.stripe.client import Charged
from coachway.core import client_reference, errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.types import ids


def restore_payment(caller: Caller, payment_id: str, outcome: Charged) -> bool:
    """Write down a charged payment that is missing, still to be settled; False if too little is known, or it failed."""
    subject_id, client_id = outcome.metadata.get("subject_id", ""), outcome.metadata.get("client_id", "")
    of_invoice, of_charter = ids.is_id(subject_id, "ivc"), ids.is_id(subject_id, "chr")
    if not outcome.succeeded or not ids.is_id(payment_id, "pay") or not (of_invoice or of_charter):
        return False
    try:
        client_reference.require_client(caller.org_id, client_id)
    except errors.NotFound:
        return False
    payment = Payment(
        id=payment_id,
        org_id=caller.org_id,
        client_id=client_id,
        invoice_id=subject_id if of_invoice else None,
        charter_id=subject_id if of_charter else None,
        number=outcome.metadata.get("number", ""),
        amount=outcome.amount,
        currency=outcome.currency,
        taken_by=caller.user_id,
        notes="written down again from what Stripe knows",
    )
    try:
        store.commit(caller, Create(payment))
    except errors.Duplicate:
        return True
    return True
