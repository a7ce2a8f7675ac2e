"""Export of all data about a client, in pages."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from coachway.billing.collections import model as collection_model
from coachway.billing.collections.model import Collection
from coachway.billing.invoices import model as invoice_model
from coachway.billing.invoices.model import Invoice
from coachway.billing.payments import model as payment_model
from coachway.billing.payments.model import Payment
from coachway.billing.refunds import model as refund_model
from coachway.billing.refunds.model import Refund
from coachway.bookings.charters.model import OF_CLIENT, Charter
from coachway.clients import client_export as client_records
from coachway.clients.client_export import ClientFile
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import AccessPattern, Record
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import contact
from coachway.messaging.model import BY_RECIPIENT, Notification
from coachway.sales.leads.lead_export import LeadFile, export_leads
from coachway.sales.leads.model import LEADS_OF_CLIENT, LeadOfClient
from coachway.sales.proposals import model as proposal_model
from coachway.sales.proposals.model import Proposal

_PAGE_SIZE: Final = 100


class ClientExportQuery(RequestSchema):
    """The page of the export."""

    cursor: Annotated[str | None, Field(max_length=1024, pattern=r"^[0-7]:")] = None


class ClientExport(BaseSchema):
    """A page of the data about a client. The first page includes `file`: the client with contacts and preferences."""

    file: ClientFile | None = None
    charters: list[Charter] = Field(default_factory=list)
    invoices: list[Invoice] = Field(default_factory=list)
    payments: list[Payment] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
    collections: list[Collection] = Field(default_factory=list)
    leads: Annotated[list[LeadFile], Field(description="Leads, with their activities.")] = Field(default_factory=list)
    messages: Annotated[
        list[Notification], Field(description="Recipient, time and subject of each message, without its text.")
    ] = Field(default_factory=list)
    proposals: list[Proposal] = Field(default_factory=list)
    next_cursor: Annotated[str | None, Field(description="Cursor of the next page. Null on the last page.")] = None


_LISTS: Final[tuple[tuple[str, type[Record], AccessPattern], ...]] = (
    ("charters", Charter, OF_CLIENT),
    ("invoices", Invoice, invoice_model.OF_CLIENT),
    ("payments", Payment, payment_model.OF_CLIENT),
    ("refunds", Refund, refund_model.OF_CLIENT),
    ("collections", Collection, collection_model.OF_CLIENT),
    ("messages", Notification, BY_RECIPIENT),
    ("leads", LeadOfClient, LEADS_OF_CLIENT),
    ("proposals", Proposal, proposal_model.OF_CLIENT),
)


def export_client(caller: Caller, client_id: str, query: ClientExportQuery) -> ClientExport:
    """Export a page of the data about a client, list by list, newest first in each. Raises NotFound, Invalid."""
    client_file = client_records.export_client(caller, client_id)
    records: dict[str, Sequence[BaseSchema]] = {}
    number, _, list_cursor = (query.cursor or "0:").partition(":")
    cursor, remaining = list_cursor or None, _PAGE_SIZE
    for index in range(int(number), len(_LISTS)):
        name, model, pattern = _LISTS[index]
        page = query_page(
            model,
            pattern,
            _partitions(client_file, pattern),
            PageQuery(limit=remaining, cursor=cursor),
            descending=True,
        )
        copies = [item for item in page.items if isinstance(item, LeadOfClient)]
        records[name] = export_leads(copies) if model is LeadOfClient else page.items
        remaining, cursor = remaining - len(page.items), None
        if page.next_cursor is not None:
            return _build_page(query, client_file, records, f"{index}:{page.next_cursor}")
        if remaining == 0 and index + 1 < len(_LISTS):
            return _build_page(query, client_file, records, f"{index + 1}:")
    return _build_page(query, client_file, records, None)


def _partitions(file: ClientFile, pattern: AccessPattern) -> list[str]:
    client = file.client
    if pattern is not BY_RECIPIENT:
        return [pattern.partition(org=client.org_id, client=client.id)]
    addresses = [
        client.email,
        client.phone,
        *(address for person in file.contacts for address in (person.email, person.phone)),
    ]
    recipients = sorted({spelling for each in addresses if each for spelling in contact.address_spellings(each)})
    return [BY_RECIPIENT.partition(org=client.org_id, recipient=recipient) for recipient in recipients]


def _build_page(
    query: ClientExportQuery, file: ClientFile, records: dict[str, Sequence[BaseSchema]], cursor: str | None
) -> ClientExport:
    client_export = ClientExport(file=None if query.cursor else file, next_cursor=cursor)
    return client_export.model_copy(update=records)
