"""The secure link by which a client opens its invoice: whoever holds it acts for the client."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.core import errors, store
from coachway.core.auth import signed_links as tokens
from coachway.core.caller import Caller
from coachway.identity.model.organization import ORGANIZATIONS, Organization

PURPOSE: Final = "invoice"


@dataclass(frozen=True, slots=True)
class LinkedInvoice:
    """What a genuine link leads to."""

    caller: Caller
    """The holder, acting for the client."""
    invoice: Invoice
    organization: Organization


def open_invoice_link(caller: Caller, token: str) -> LinkedInvoice:
    """What a token leads to. Raises Missing for a forged one, or one that is not good any more."""
    said = tokens.verify_link_token(PURPOSE, "ivc", token)
    key, house_key = INVOICE.key(org=said.org_id, id=said.subject_id), ORGANIZATIONS.key(org=said.org_id)
    found = store.batch_get([key, house_key])
    invoice = found.find(Invoice, key)
    if invoice is None or invoice.link_nonce != said.nonce or not said.nonce:
        raise errors.NotFound("this invoice is no longer there")
    holder = replace(caller, org_id=said.org_id, user_id="invoice-link", role="client", party_id=invoice.client_id)
    return LinkedInvoice(holder, invoice, found.get(Organization, house_key))
