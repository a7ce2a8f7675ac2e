"""Restore payments that exist at Stripe but not in the table, for example after the table was restored."""

from coachway.billing.payments.model import Payment
from coachway.billing.stripe.client import ChargeOutcome
from coachway.core import client_reference, errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.types import ids


def restore_payment(caller: Caller, payment_id: str, outcome: ChargeOutcome) -> bool:
    """Create a missing payment, still pending, from the metadata of its charge. Return whether it exists now.

    Failed charges and charges with incomplete metadata are not restored.
    """
    subject_id, client_id = outcome.metadata.get("subject_id", ""), outcome.metadata.get("client_id", "")
    is_invoice, is_charter = ids.is_id(subject_id, "ivc"), ids.is_id(subject_id, "chr")
    if not outcome.succeeded or not ids.is_id(payment_id, "pay") or not (is_invoice or is_charter):
        return False
    try:
        client_reference.require_client(caller.org_id, client_id)
    except errors.NotFound:
        return False
    payment = Payment(
        id=payment_id,
        org_id=caller.org_id,
        client_id=client_id,
        invoice_id=subject_id if is_invoice else None,
        charter_id=subject_id if is_charter else None,
        number=outcome.metadata.get("number", ""),
        amount=outcome.amount,
        currency=outcome.currency,
        created_by=caller.user_id,
        notes="Restored from Stripe",
    )
    try:
        store.commit(caller, Create(payment))
    except errors.Duplicate:
        return True
    return True
