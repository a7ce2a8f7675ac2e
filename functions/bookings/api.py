"""Routes of charters and of the links to their quotes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.bookings.charters import lifecycle, status_counts
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.lifecycle import CancelInput, StatusInput
from coachway.bookings.charters.model import Cancellation, Charter, CharterId, CharterInput, ClientId
from coachway.bookings.charters.queries import CharterQuery
from coachway.bookings.charters.schemas import CloneInput, RecurringInput, RecurringQuery
from coachway.bookings.charters.status_counts import DashboardSummary
from coachway.bookings.quotes import links as quote_links
from coachway.bookings.quotes import responses as quote_responses
from coachway.bookings.quotes import schemas as quote_schemas
from coachway.bookings.quotes.links import SendQuoteInput, SentQuote
from coachway.bookings.quotes.responses import AcceptInput, DeclineInput, QuoteAnswer
from coachway.bookings.quotes.schemas import QuoteView
from coachway.core.caller import Caller
from coachway.core.erasure import Erasure
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.schemas import Page, PageQuery, PartialUpdate, RequestSchema

api = ApiRouter("bookings", "Charters, from quote to completion, their series, and the links by which clients answer.")
app = api.app

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,200}$")]


class CancelQuery(RequestSchema):
    """Whether only to say what a cancellation would refund."""

    preview: bool = False


@api.post("/charters", permission="charters:write", status=201, errors=(404,))
def create_charter(caller: Caller, body: CharterInput) -> Charter:
    """Quote a charter.

    It gets its number and its price. Warnings of the quote say what to know before sending it; a blocking one, such as
    driving hours that no law allows, keeps it from being booked.
    """
    from coachway.bookings.charters import service as charter_service  # those who read do without what prices

    return charter_service.create(caller, body)


@api.get("/charters", permission="charters:read")
def list_charters(caller: Caller, query: CharterQuery) -> Page[Charter]:
    """List charters.

    Newest first; with date_from or date_to by departure, soonest first.
    """
    return charter_queries.list_charters(caller, query)


@api.post("/charters/recurring", permission="charters:write", status=201, errors=(404, 413))
def create_series(caller: Caller, query: RecurringQuery, body: RecurringInput) -> Page[Charter]:
    """Quote a recurring series.

    All of it or nothing: up to 52 charters, each priced and checked on its own. The time of day is kept through
    daylight saving; exceptions skip or move one occurrence.
    """
    from coachway.bookings.series import service as series  # those who read do without what prices

    return series.create_series(caller, body, query)


@api.get("/charters/dashboard-summary", permission="charters:read")
def get_dashboard_summary(caller: Caller) -> DashboardSummary:
    """Get how many charters are in each status, and what they are worth."""
    return status_counts.get_dashboard_summary(caller)


@api.get("/charters/{charter_id}", permission="charters:read")
def get_charter(caller: Caller, charter_id: CharterId) -> Charter:
    """Get a charter."""
    return charter_queries.get_charter(caller, charter_id)


@api.put("/charters/{charter_id}", permission="charters:write")
def update_charter(
    caller: Caller, charter_id: CharterId, body: PartialUpdate[CharterInput], if_match: int | None
) -> Charter:
    """Edit a charter.

    Fields that are left out stay as they are. What changes the quote makes a new revision, priced again; a link sent
    before is void. Once booked, what touches price, time or stops is refused: it needs a change case.
    """
    from coachway.bookings.charters import service as charter_service  # those who read do without what prices

    return charter_service.update(caller, charter_id, body, if_match)


@api.delete("/charters/{charter_id}", permission="charters:write")
def delete_charter(caller: Caller, charter_id: CharterId, if_match: int | None) -> None:
    """Delete a charter that is not booked.

    A booked one is cancelled instead.
    """
    from coachway.bookings.charters import service as charter_service  # those who read do without what prices

    charter_service.delete(caller, charter_id, if_match)


@api.post("/charters/{charter_id}/clone", permission="charters:write", status=201)
def clone_charter(caller: Caller, charter_id: CharterId, body: CloneInput) -> Charter:
    """Quote the same trip again.

    With a departure, all its times move along.
    """
    from coachway.bookings.charters import service as charter_service  # those who read do without what prices

    return charter_service.clone(caller, charter_id, body)


@api.get("/charters/{charter_id}/series", permission="charters:read")
def get_series(caller: Caller, charter_id: CharterId) -> Page[Charter]:
    """Get all charters of a charter's series, in order."""
    from coachway.bookings.series import service as series  # those who read do without what prices

    return series.list_series(caller, charter_id)


@api.get("/charters/{charter_id}/history", permission="charters:read")
def get_charter_history(caller: Caller, charter_id: CharterId) -> Page[HistoryEntry]:
    """Get what happened to a charter: who, when, which fields."""
    return Page(items=charter_queries.get_history(caller, charter_id))


@api.post("/charters/{charter_id}/send-quote", permission="charters:write", secret_response=True)
def send_quote(caller: Caller, charter_id: CharterId, body: SendQuoteInput) -> SentQuote:
    """Send the client a link to its quote.

    The link is good for this revision, until it expires or is sent again.
    """
    return quote_links.send_quote(caller, charter_id, body)


@api.post("/charters/{charter_id}/status", permission="charters:write")
def set_charter_status(caller: Caller, charter_id: CharterId, body: StatusInput, if_match: int | None) -> Charter:
    """Move a charter to another status.

    quote → booked → confirmed → in_progress → completed; a quote may also be declined or expire, and what has not
    started may be cancelled, here by the operator, by who holds charters:cancel. Confirmed, in progress and completed
    follow by themselves from the vehicles that have a driver or a vendor. Said by hand, a charter with vehicles that
    nobody runs is confirmed or started only by those who hold charters:override, with a reason, which is recorded; and
    nothing starts while papers are not in order.
    """
    return lifecycle.change_status(caller, charter_id, body, if_match)


@api.post("/charters/{charter_id}/cancel", permission="charters:cancel", external_roles=("client",))
def cancel_charter(caller: Caller, charter_id: CharterId, query: CancelQuery, body: CancelInput) -> Cancellation:
    """Cancel a charter.

    With `preview=true` it only says what would be refunded. Clients may cancel their own.
    """
    return lifecycle.cancel(caller, charter_id, body, preview=query.preview)


@api.get("/clients/{client_id}/charters", permission="charters:read")
def list_client_charters(caller: Caller, client_id: ClientId, query: PageQuery) -> Page[Charter]:
    """List a client's charters, newest first."""
    return charter_queries.list_client_charters(caller, client_id, query)


@api.post("/clients/{client_id}/erase", permission="clients:write")
def erase_client(caller: Caller, client_id: ClientId) -> Erasure:
    """Erase everything personal about a client, for good.

    Also of a client that was removed before. Refused while it owes something or has trips to come; its open quotes
    expire. Its trips, bills, papers and messages are gone through in the minutes after; dates and amounts stay in the
    books. Asking again finishes an erasure that was interrupted, and answers 404 once it is done.
    """
    from coachway.bookings import erasure  # those who read do without what moves charters

    return erasure.erase_client(caller, client_id)


@api.get("/quotes/{token}", permission=PUBLIC)
def view_quote(token: Token) -> QuoteView:
    """See a quote by its link.

    A link that a newer one replaced, or that a revision made void, answers 404.
    """
    return quote_schemas.get_quote_view(token)


@api.post("/quotes/{token}/accept", permission=PUBLIC)
def accept_quote(caller: Caller, token: Token, body: AcceptInput) -> QuoteAnswer:
    """Accept a quote by its link.

    It is booked once; `revision_number` says which revision was read. Where a deposit is due, it stays a quote until
    that is paid, by `payment.url` or by `POST /payments/process`.
    """
    return quote_responses.accept_quote(caller, token, body)


@api.post("/quotes/{token}/decline", permission=PUBLIC)
def decline_quote(caller: Caller, token: Token, body: DeclineInput) -> QuoteAnswer:
    """Decline a quote by its link."""
    return quote_responses.decline_quote(caller, token, body)
