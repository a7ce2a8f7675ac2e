"""Routes of charters, series and quote links."""

from typing import Annotated

from pydantic import Field

from coachway.bookings.charters import lifecycle, status_counts
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.model import Charter, CharterId
from coachway.bookings.charters.queries import CharterQuery
from coachway.bookings.charters.schemas import CloneInput, RecurringInput, RecurringQuery
from coachway.bookings.charters.status_counts import DashboardSummary
from coachway.bookings.charters.status_schemas import CancelInput, StatusInput
from coachway.bookings.charters.trip_model import CharterInput, ClientId
from coachway.bookings.errors import (
    ChangeCaseRequired,
    CharterClosed,
    CharterNotDeletable,
    CharterPartlyPaid,
    ClientHasUpcomingTrips,
    ClientInactive,
    ClientRemoved,
    DeparturePassed,
    DocumentsNotInOrder,
    QuoteAlreadyAccepted,
    QuoteAlreadyAnswered,
    QuoteBeingRevised,
    QuoteIncomplete,
    QuoteLinkExpired,
    QuoteLinkReplaced,
    QuoteNotSendable,
    QuoteRevised,
    QuoteWithdrawn,
    VehiclesAwarded,
    VehiclesUncovered,
)
from coachway.bookings.quotes import links as quote_links
from coachway.bookings.quotes import responses as quote_responses
from coachway.bookings.quotes import schemas as quote_schemas
from coachway.bookings.quotes.links import SendQuoteInput, SentQuote
from coachway.bookings.quotes.responses import AcceptQuoteInput, DeclineInput, QuoteAnswer
from coachway.bookings.quotes.schemas import QuoteView
from coachway.clients.errors import ClientHasOpenBalance, CreditLimitExceeded
from coachway.core import errors
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.schemas import Page, PageQuery, PartialUpdate, RequestSchema
from coachway.erasure.model import Erasure
from coachway.pricing.adjustment_model import PriceAdjustmentsInput
from coachway.pricing.errors import PriceBelowZero, PriceTooLarge, PromoCodeUsedUp, QuoteNotBookable

api = ApiRouter("bookings", "Charters from quote to completion, recurring series, and quote links for clients.")
app = api.app

ANSWER_ERRORS = (errors.NotFound, QuoteAlreadyAnswered, QuoteLinkExpired, QuoteRevised)
ACCEPT_ERRORS = (
    *ANSWER_ERRORS,
    ClientRemoved,
    CreditLimitExceeded,
    PromoCodeUsedUp,
    QuoteAlreadyAccepted,
    QuoteNotBookable,
)


class CancelQuery(RequestSchema):
    """Options of a cancellation."""

    preview: Annotated[bool, Field(description="Return the refund without cancelling the charter.")] = False


@api.post("/charters", permission="charters:write", status=201, errors=(errors.NotFound, ClientInactive, PriceTooLarge))
def create_charter(caller: Caller, body: CharterInput) -> Charter:
    """Create a charter.

    Creates a charter with the status `quote`, a number and a price. Check `quote.warnings` before sending the quote: a
    charter with a blocking warning, such as illegal driving hours, cannot be booked. Without a rate, with an unknown
    vehicle class or with too few seats, it cannot be sent either.

    Stops need only addresses. Their coordinates and time zones, and the miles, are looked up unless they are sent. What
    is not found is a warning; without miles the quote cannot be sent.
    """
    from coachway.bookings.charters import service as charter_service  # imported late: pricing slows cold starts

    return charter_service.create_charter(caller, body)


@api.get("/charters", permission="charters:read")
def list_charters(caller: Caller, query: CharterQuery) -> Page[Charter]:
    """List charters.

    Returns the newest charters first. With `date_from` or `date_to`, the earliest departure is first. `q` finds
    numbers, purchase orders, words of the addresses, and the contact on site.
    """
    return charter_queries.list_charters(caller, query)


@api.post(
    "/charters/recurring",
    permission="charters:write",
    status=201,
    errors=(errors.NotFound, errors.TooLarge, ClientInactive, PriceTooLarge),
)
def create_series(caller: Caller, query: RecurringQuery, body: RecurringInput) -> Page[Charter]:
    """Create a recurring series of charters.

    Creates up to 52 charters, all or none, each priced and checked separately. Departures keep their local time of day
    across daylight saving changes. Use `exceptions` to skip or move individual occurrences.
    """
    from coachway.bookings.series import service as series  # imported late: pricing slows cold starts

    return series.create_series(caller, body, query)


@api.get("/charters/dashboard-summary", permission="charters:read")
def get_dashboard_summary(caller: Caller) -> DashboardSummary:
    """Get the number and total price of charters by status."""
    return status_counts.get_dashboard_summary(caller)


@api.get("/charters/{charter_id}", permission="charters:read")
def get_charter(caller: Caller, charter_id: CharterId) -> Charter:
    """Get a charter."""
    return charter_queries.get_charter(caller, charter_id)


@api.put(
    "/charters/{charter_id}",
    permission="charters:write",
    errors=(ChangeCaseRequired, CharterClosed, ClientInactive, PriceBelowZero, PriceTooLarge, VehiclesAwarded),
)
def update_charter(
    caller: Caller, charter_id: CharterId, body: PartialUpdate[CharterInput], if_match: int | None
) -> Charter:
    """Update a charter.

    Omitted fields keep their values. Changing the trip creates a new revision with a new price, and invalidates links
    that were sent before. A quote that cannot be sent is priced again by every update, also if nothing changes.

    Once the charter is booked, notes, contacts, the purchase order, the salesperson and the wording of addresses can
    change. An address is reworded if the new one is within 200 m; the coordinates stay. Assigned drivers see the new
    words. Price, times and places cannot be changed: clone the charter, send the quote of the copy, and cancel the
    original charter.
    """
    from coachway.bookings.charters import service as charter_service  # imported late: pricing slows cold starts

    return charter_service.update_charter(caller, charter_id, body, if_match)


@api.delete("/charters/{charter_id}", permission="charters:write", errors=(CharterNotDeletable,))
def delete_charter(caller: Caller, charter_id: CharterId, if_match: int | None) -> None:
    """Delete a charter.

    A booked charter cannot be deleted; cancel it instead.
    """
    from coachway.bookings.charters import service as charter_service  # imported late: pricing slows cold starts

    charter_service.delete_charter(caller, charter_id, if_match)


@api.post(
    "/charters/{charter_id}/clone",
    permission="charters:write",
    status=201,
    errors=(ClientInactive, PriceBelowZero, PriceTooLarge),
)
def clone_charter(caller: Caller, charter_id: CharterId, body: CloneInput) -> Charter:
    """Clone a charter.

    Creates a charter for the same trip. With `estimated_departure`, all times are shifted to the new departure.
    """
    from coachway.bookings.charters import service as charter_service  # imported late: pricing slows cold starts

    return charter_service.clone_charter(caller, charter_id, body)


@api.get("/charters/{charter_id}/series", permission="charters:read")
def list_series_charters(caller: Caller, charter_id: CharterId) -> Page[Charter]:
    """List the charters in a series."""
    from coachway.bookings.series import service as series  # imported late: pricing slows cold starts

    return series.list_series(caller, charter_id)


@api.get("/charters/{charter_id}/history", permission="charters:read")
def get_charter_history(caller: Caller, charter_id: CharterId) -> Page[HistoryEntry]:
    """List the changes to a charter.

    Each entry shows who changed which fields, and when. The list includes the assignments of drivers and vehicles.
    """
    from coachway.dispatch import charter_history  # imported here because the other routes do not need it

    return Page(items=charter_history.get_charter_history(caller, charter_id))


@api.put(
    "/charters/{charter_id}/price-adjustments",
    permission="pricing:override",
    errors=(ChangeCaseRequired, CharterClosed, PriceBelowZero, PriceTooLarge),
)
def set_price_adjustments(
    caller: Caller, charter_id: CharterId, body: PriceAdjustmentsInput, if_match: int | None
) -> Charter:
    """Adjust the price of a quote by hand.

    Replaces all adjustments: manual lines, a discount or an all-in price, accepted warnings, and what the client sees
    of the price. Each needs a reason, which is internal and stays in the charter's history. The trip is priced again by
    the current rules, whose price stays visible to staff in `quote.rules_price`. What changes the client's quote
    creates a new revision and invalidates links that were sent before; bids and assigned drivers stay.

    The order is: rules, promo code, minimum charge, manual lines, discount, tax. A percent discount is of the price
    before tax, after the manual lines. An all-in price contains the tax and the manual lines, applies to all vehicles,
    replaces the promo code and the minimum charge, and needs no rate. Adjustments stay when the trip is changed; staff
    are warned if this changes the price of the rules of a trip with an all-in price. A clone keeps them if whoever
    clones the charter may adjust prices.
    """
    from coachway.bookings.charters import price_adjustments  # imported late: pricing slows cold starts

    return price_adjustments.set_price_adjustments(caller, charter_id, body, if_match)


@api.post(
    "/charters/{charter_id}/send-quote",
    permission="charters:write",
    errors=(ClientInactive, DeparturePassed, QuoteIncomplete, QuoteNotSendable, errors.RateLimited),
)
def send_quote(caller: Caller, charter_id: CharterId, body: SendQuoteInput) -> SentQuote:
    """Send a quote to the client.

    Emails a link to the quote. The link is valid for the current revision, until it expires or the quote is sent again.
    A quote with the warning `no_rate`, `unknown_vehicle_class` or `too_few_seats` cannot be sent, unless the warning is
    accepted with a reason (`PUT /charters/{charter_id}/price-adjustments`).
    """
    return quote_links.send_quote(caller, charter_id, body)


@api.post(
    "/charters/{charter_id}/status",
    permission="charters:write",
    errors=(
        errors.InvalidStatusTransition,
        ClientRemoved,
        CreditLimitExceeded,
        DocumentsNotInOrder,
        PromoCodeUsedUp,
        QuoteNotBookable,
        VehiclesUncovered,
    ),
)
def set_charter_status(caller: Caller, charter_id: CharterId, body: StatusInput, if_match: int | None) -> Charter:
    """Change the status of a charter.

    A charter goes from `quote` to `booked`, `confirmed`, `in_progress` and `completed`. A quote can also be declined or
    expire. A charter that has not started can be cancelled, here on behalf of the operator, with the permission
    `charters:cancel`.

    `confirmed`, `in_progress` and `completed` are usually set automatically from assignments, awards and positions.
    Confirming or starting a charter with uncovered vehicles requires the permission `charters:override` and a reason,
    which is recorded. A charter cannot start while required documents are missing or expired.
    """
    return lifecycle.change_status(caller, charter_id, body, if_match, find_refundable_amount=_find_refundable_amount)


@api.post(
    "/charters/{charter_id}/cancel",
    permission="charters:cancel",
    external_roles=("client",),
    errors=(errors.InvalidStatusTransition,),
)
def cancel_charter(caller: Caller, charter_id: CharterId, query: CancelQuery, body: CancelInput) -> Cancellation:
    """Cancel a charter.

    With `preview=true`, returns the refund without cancelling. Clients can cancel their own charters.
    """
    return lifecycle.cancel(
        caller, charter_id, body, preview=query.preview, find_refundable_amount=_find_refundable_amount
    )


def _find_refundable_amount(charter: Charter) -> int:
    from coachway.billing.refunds import trip_payments  # imported late: only cancelling a paid charter needs it

    return trip_payments.find_refundable_amount(charter)


@api.get("/clients/{client_id}/charters", permission="charters:read")
def list_client_charters(caller: Caller, client_id: ClientId, query: PageQuery) -> Page[Charter]:
    """List a client's charters.

    Returns the newest charters first.
    """
    return charter_queries.list_client_charters(caller, client_id, query)


@api.post(
    "/clients/{client_id}/erase", permission="clients:write", errors=(ClientHasOpenBalance, ClientHasUpcomingTrips)
)
def erase_client(caller: Caller, client_id: ClientId) -> Erasure:
    """Erase a client's personal data.

    Erases the data permanently, also if the client was deleted before. The client must not have an open balance or
    upcoming trips. Its open quotes expire. Charters, invoices, PDFs and messages are erased within minutes after the
    response; dates and amounts stay in the accounts. Repeat the request to finish an interrupted erasure; it returns
    404 once the erasure is complete.
    """
    from coachway.bookings import erasure  # imported late: only this route needs it

    return erasure.erase_client(caller, client_id)


@api.get(
    "/quotes/{token}",
    permission=PUBLIC,
    errors=(errors.NotFound, QuoteBeingRevised, QuoteLinkReplaced, QuoteWithdrawn),
)
def get_quote_by_link(token: Token) -> QuoteView:
    """Get a quote by its link.

    Returns `quote_being_revised` if the quote was changed and not sent again yet, `quote_withdrawn` if it was then
    cancelled, declined or expired, and `quote_link_replaced` if there is a newer link.
    """
    return quote_schemas.get_quote_view(token)


@api.post("/quotes/{token}/accept", permission=PUBLIC, errors=ACCEPT_ERRORS)
def accept_quote(caller: Caller, token: Token, body: AcceptQuoteInput) -> QuoteAnswer:
    """Accept a quote by its link.

    `revision_number` is the revision that the client has read. If a deposit is due, the charter keeps the status
    `quote` until the deposit is paid, at `payment.url` or with `POST /payments/process`.
    """
    return quote_responses.accept_quote(caller, token, body)


@api.post("/quotes/{token}/decline", permission=PUBLIC, errors=(*ANSWER_ERRORS, CharterPartlyPaid))
def decline_quote(caller: Caller, token: Token, body: DeclineInput) -> QuoteAnswer:
    """Decline a quote by its link."""
    return quote_responses.decline_quote(caller, token, body)
