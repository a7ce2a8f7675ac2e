"""What an agent should do today: call leads, and follow up quotes."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from coachway.bookings.charters.charter_summary import QUOTES_OF_SALESPERSON, CharterSummary, SentQuoteSummary
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import LocalTime, sortable
from coachway.core.types.money import ApiAmount
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.leads.model import FOLLOW_UPS, Lead
from coachway.sales.my_day import rules

MAX_LEADS: Final = 100
"""Leads that a day shows. Whoever has more sees the others when the first are done."""
MAX_QUOTES: Final = 100
"""Quotes that are looked at: those accepted last, and the open ones that expire first."""
_LONGEST_DAY: Final = timedelta(hours=25)


class QuoteToFollowUp(BaseSchema):
    """A quote that the caller sells."""

    charter_id: str
    charter_number: str
    client_id: str
    client_name: Annotated[str, Field(description="Empty if the client was removed.")]
    trip_date: date
    timezone: str
    starts_at: LocalTime
    pickup: str
    dropoff: str
    passengers: int
    total: ApiAmount
    currency: str
    sent_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    opened_at: AwareDatetime | None
    accepted_at: AwareDatetime | None


class MyDay(BaseSchema):
    """What the caller should do on a local day of the organization."""

    date: date
    leads_to_call: Annotated[
        list[Lead], Field(description="Open leads whose follow-up is due by the end of the day, the oldest first.")
    ]
    has_more: Annotated[bool, Field(description="Whether there are more leads to call.")]
    quotes_expiring: Annotated[
        list[QuoteToFollowUp], Field(description="Open quotes that expire within 48 hours, the first to expire first.")
    ]
    quotes_unanswered: Annotated[
        list[QuoteToFollowUp],
        Field(description="Open quotes that the client opened or received again more than 24 hours ago."),
    ]
    quotes_accepted: Annotated[list[QuoteToFollowUp], Field(description="Quotes accepted today, in this order.")]
    has_more_quotes: Annotated[
        bool, Field(description="Whether the caller has so many open quotes that those that expire last are missing.")
    ]


def get_own_day(caller: Caller) -> MyDay:
    """Get what the caller should do today. Three reads."""
    now = clock.now()
    leads = query_page(
        Lead,
        FOLLOW_UPS,
        [FOLLOW_UPS.partition(org=caller.org_id, agent=caller.user_id)],
        PageQuery(limit=MAX_LEADS),
        between=("0", sortable(now + _LONGEST_DAY)),
    )
    # Accepted quotes are sorted by the time of the acceptance, open ones by that of their expiry.
    quotes = query_page(
        CharterSummary,
        QUOTES_OF_SALESPERSON,
        [QUOTES_OF_SALESPERSON.partition(org=caller.org_id, salesperson=caller.user_id)],
        PageQuery(limit=MAX_QUOTES),
        between=(sortable(now - _LONGEST_DAY), "~"),
    )
    sold = [(each, each.quote) for each in quotes.items if each.quote is not None]
    client_ids = list(dict.fromkeys(quote.client_id for _, quote in sold))
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    client_keys = [CLIENT.key(org=caller.org_id, id=client_id) for client_id in client_ids]
    records = store.batch_get([organization_key, *client_keys])
    clients = (records.find(Client, key) for key in client_keys)
    names = {client.id: client.name for client in clients if client is not None}
    zone = ZoneInfo(records.get(Organization, organization_key).timezone)
    today = now.astimezone(zone).date()
    end = rules.find_end_of_day(today, zone)
    due = [lead for lead in leads.items if lead.next_follow_up_at is not None and lead.next_follow_up_at < end]
    return MyDay(
        date=today,
        leads_to_call=due,
        has_more=leads.next_cursor is not None and len(due) == len(leads.items),
        quotes_expiring=[_build_entry(*each, names) for each in sold if rules.is_expiring(each[1], now)],
        quotes_unanswered=[_build_entry(*each, names) for each in sold if rules.is_unanswered(each[1], now)],
        quotes_accepted=[_build_entry(*each, names) for each in sold if rules.is_accepted_on(each[1], today, zone)],
        has_more_quotes=quotes.next_cursor is not None,
    )


def _build_entry(trip: CharterSummary, quote: SentQuoteSummary, names: Mapping[str, str]) -> QuoteToFollowUp:
    return QuoteToFollowUp(
        charter_id=trip.charter_id,
        charter_number=trip.number,
        client_id=quote.client_id,
        client_name=names.get(quote.client_id, ""),
        trip_date=trip.trip_date,
        timezone=trip.timezone,
        starts_at=trip.starts_at,
        pickup=trip.pickup,
        dropoff=trip.dropoff,
        passengers=trip.passengers,
        total=quote.total,
        currency=quote.currency,
        sent_at=quote.sent_at,
        expires_at=quote.expires_at,
        opened_at=quote.opened_at,
        accepted_at=quote.accepted_at,
    )
