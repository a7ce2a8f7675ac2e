"""Restore payments that exist at Stripe but not in the table, for example after the table was restored.

A charge that cannot be restored is reported to its organization.
"""

from contextlib import suppress

from coachway.billing.ledger import journal
from coachway.billing.payments.model import Payment
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe.client import ChargeOutcome
from coachway.billing.stripe.unknown_charges import UnknownCharge
from coachway.contracts.billing.payments import UnknownChargeFound
from coachway.core import client_reference, errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import ORGANIZATIONS, Organization


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


def report_unknown_charge(outcome: ChargeOutcome) -> bool:
    """Record a successful charge without a payment, and notify its organization once.

    The organization is that of the charge or of its customer at Stripe. Return False if the charge failed or belongs to
    no organization. Raises UpstreamUnavailable.
    """
    if not outcome.succeeded:
        return False
    org_id = outcome.metadata.get("org_id", "")
    if not org_id and outcome.customer_id:
        org_id = stripe_client.find_customer_organization(outcome.customer_id)
    organization = store.find(Organization, ORGANIZATIONS.key(org=org_id)) if ids.is_id(org_id, "org") else None
    if organization is None:
        return False
    charge = UnknownCharge(
        org_id=org_id,
        payment_intent_id=outcome.payment_intent_id,
        amount=outcome.amount,
        currency=outcome.currency,
        found_at=clock.now(),
        found_on=journal.local_date(organization),
    )
    event = UnknownChargeFound(
        payment_intent_id=charge.payment_intent_id, amount=charge.amount, currency=charge.currency
    )
    with suppress(errors.Duplicate):
        store.commit(Caller.system("stripe", org_id), Create(charge, [event]))
    return True
