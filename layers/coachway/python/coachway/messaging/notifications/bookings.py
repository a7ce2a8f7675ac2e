"""Messages about quotes and charters."""

from typing import Any, Final

from coachway.contracts.bookings import (
    BookingConfirmationSent,
    CharterBooked,
    CharterCancelled,
    QuoteAccepted,
    QuoteDeclined,
    QuoteOpened,
    QuoteReminderSent,
    QuoteSent,
    TripReminderSent,
)
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, salesperson_email

QUOTE_LINK: Final = "quote"
"""The purpose of the signed link to a quote."""


def _get_client_recipient(
    event: QuoteSent | QuoteReminderSent | CharterBooked | CharterCancelled | TripReminderSent, _context: MessageContext
) -> Recipient:
    return Recipient(
        event.contact_email or event.client_email, event.contact_name or event.client_name, event.client_id
    )


def _trip_link(event: CharterBooked, context: MessageContext) -> dict[str, str]:
    """The link to the trip's page. Empty for an event of an earlier release."""
    if not event.link_nonce:
        return {"link": ""}
    return {"link": context.page_url("quotes", QUOTE_LINK, context.delivery.aggregate_id, event.link_nonce)}


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=QuoteSent,
        template="quote-sent",
        recipient=_get_client_recipient,
        values=lambda event, context: {
            "link": context.page_url("quotes", QUOTE_LINK, context.delivery.aggregate_id, event.link_nonce)
        },
        send_until=lambda event, _context: event.expires_at,
        cc=lambda event: event.cc,
    ),
    MessageRule(
        event=QuoteReminderSent,
        template="quote-reminder",
        recipient=_get_client_recipient,
        values=lambda event, context: {
            "link": context.page_url("quotes", QUOTE_LINK, context.delivery.aggregate_id, event.link_nonce)
        },
        send_until=lambda event, _context: event.expires_at,
    ),
    salesperson_email(QuoteOpened, "quote-opened"),
    # The message about the answer to a proposal names all of its quotes.
    salesperson_email(
        QuoteAccepted, "quote-accepted", applies=lambda event: event.by_client and not event.proposal_number
    ),
    salesperson_email(QuoteDeclined, "quote-declined", applies=lambda event: not event.proposal_number),
    MessageRule(event=CharterBooked, template="charter-booked", recipient=_get_client_recipient, values=_trip_link),
    salesperson_email(CharterBooked, "deposit-paid", applies=lambda event: event.deposit_paid > 0),
    MessageRule(
        event=BookingConfirmationSent,
        template="charter-booked",
        recipient=_get_client_recipient,
        values=_trip_link,
        send_until=lambda event, _context: event.starts_at,
    ),
    MessageRule(
        event=TripReminderSent,
        template="trip-reminder",
        recipient=_get_client_recipient,
        send_until=lambda event, _context: event.starts_at,
    ),
    MessageRule(
        event=CharterCancelled,
        template="charter-cancelled",
        recipient=_get_client_recipient,
        applies=lambda event: event.was_booked or event.quote_was_sent,  # otherwise the client does not know of it
    ),
)
