"""Signed links to invoices. The holder of a link acts as the client."""

from dataclasses import dataclass, replace
from typing import Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.types import contact
from coachway.identity.model.organization import ORGANIZATIONS, Organization

PURPOSE: Final = "invoice"


@dataclass(frozen=True, slots=True)
class LinkedInvoice:
    """The invoice of a valid link, with its organization."""

    caller: Caller
    """The holder of the link, acting as the client."""
    invoice: Invoice
    organization: Organization


def open_invoice_link(caller: Caller, token: str) -> LinkedInvoice:
    """Load the invoice of a link token.

    Raises NotFound for an invalid or revoked token, or if the client's email has changed since the invoice was sent.
    """
    claims = signed_links.verify_link_token(PURPOSE, "ivc", token)
    invoice_key, organization_key = (
        INVOICE.key(org=claims.org_id, id=claims.subject_id),
        ORGANIZATIONS.key(org=claims.org_id),
    )
    records = store.batch_get([invoice_key, organization_key])
    invoice = records.find(Invoice, invoice_key)
    if invoice is None or invoice.link_nonce != claims.nonce or not claims.nonce or not _is_sent_to_client(invoice):
        raise errors.NotFound("The invoice was not found. The link was replaced, or the invoice was removed.")
    holder = replace(caller, org_id=claims.org_id, user_id="invoice-link", role="client", party_id=invoice.client_id)
    return LinkedInvoice(holder, invoice, records.get(Organization, organization_key))


def _is_sent_to_client(invoice: Invoice) -> bool:
    """Whether the invoice was sent to the client's current email. A client that was removed has no other."""
    client = store.find(Client, CLIENT.key(org=invoice.org_id, id=invoice.client_id))
    return client is None or contact.is_same_email(invoice.client_email, client.email)
