"""Everything that is kept about a client, for the client itself: a page at a time, as it may be a lot."""

from __future__ import annotations

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
from coachway.clients import privacy
from coachway.clients.privacy import ClientFile
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import AccessPattern, Entity
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import contact
from coachway.messaging.model import BY_RECIPIENT, Notification

_TOGETHER: Final = 100


class ClientExportQuery(RequestSchema):
    """From where to go on."""

    cursor: Annotated[str | None, Field(max_length=1024, pattern=r"^[0-5]:")] = None


class ClientExport(BaseSchema):
    """What is kept about a client. `file`, of the client itself, comes with the first page."""

    file: ClientFile | None = None
    charters: list[Charter] = Field(default_factory=list)
    invoices: list[Invoice] = Field(default_factory=list)
    payments: list[Payment] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
    collections: list[Collection] = Field(default_factory=list)
    messages: Annotated[list[Notification], Field(description="to whom, when and about what; not what they said")] = (
        Field(default_factory=list)
    )
    next_cursor: Annotated[str | None, Field(description="null on the last page")] = None


_LISTS: Final[tuple[tuple[str, type[Entity], AccessPattern], ...]] = (
    ("charters", Charter, OF_CLIENT),
    ("invoices", Invoice, invoice_model.OF_CLIENT),
    ("payments", Payment, payment_model.OF_CLIENT),
    ("refunds", Refund, refund_model.OF_CLIENT),
    ("collections", Collection, collection_model.OF_CLIENT),
    ("messages", Notification, BY_RECIPIENT),
)


def export(caller: Caller, client_id: str, query: ClientExportQuery) -> ClientExport:
    """A page of what is kept about a client: one list after the other, newest first. Raises Missing, Invalid."""
    file = privacy.export_client(caller, client_id)
    found: dict[str, list[Entity]] = {}
    number, _, behind = (query.cursor or "0:").partition(":")
    cursor, left = behind or None, _TOGETHER
    for place in range(int(number), len(_LISTS)):
        name, model, pattern = _LISTS[place]
        some = query_page(
            model, pattern, _partitions(file, pattern), PageQuery(limit=left, cursor=cursor), descending=True
        )
        found[name] = some.items
        left, cursor = left - len(some.items), None
        if some.next_cursor is not None:
            return _page(query, file, found, f"{place}:{some.next_cursor}")
        if left == 0 and place + 1 < len(_LISTS):
            return _page(query, file, found, f"{place + 1}:")
    return _page(query, file, found, None)


def _partitions(file: ClientFile, pattern: AccessPattern) -> list[str]:
    client = file.client
    if pattern is not BY_RECIPIENT:
        return [pattern.partition(org=client.org_id, client=client.id)]
    ways = [client.email, client.phone, *(way for person in file.contacts for way in (person.email, person.phone))]
    mailboxes = sorted({contact.same_mailbox(each) for each in ways if each})
    return [BY_RECIPIENT.partition(org=client.org_id, recipient=each) for each in mailboxes]


def _page(
    query: ClientExportQuery, file: ClientFile, found: dict[str, list[Entity]], cursor: str | None
) -> ClientExport:
    said = ClientExport(file=None if query.cursor else file, next_cursor=cursor)
    return said.model_copy(update=found)
