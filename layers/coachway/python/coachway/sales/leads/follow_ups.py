"""The leads that an agent should call today."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable
from coachway.identity.organization_queries import get_organization
from coachway.sales.leads.model import FOLLOW_UPS, Lead

MAX_LEADS: Final = 100
"""Leads that a day shows. Whoever has more sees the others when the first are done."""


class MyDay(BaseSchema):
    """What the caller should do on a local day of the organization."""

    date: date
    leads_to_call: Annotated[
        list[Lead], Field(description="Open leads whose follow-up is due by the end of the day, the oldest first.")
    ]
    has_more: bool


def get_own_day(caller: Caller) -> MyDay:
    """Get the caller's open leads whose follow-up is due by the end of the organization's local day. Two reads."""
    zone = ZoneInfo(get_organization(caller.org_id).timezone)
    today = clock.now().astimezone(zone).date()
    partition = FOLLOW_UPS.partition(org=caller.org_id, agent=caller.user_id)
    due = ("0", sortable(find_end_of_day(today, zone)))
    page = query_page(Lead, FOLLOW_UPS, [partition], PageQuery(limit=MAX_LEADS), between=due)
    return MyDay(date=today, leads_to_call=page.items, has_more=page.next_cursor is not None)


def find_end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the next local day; a day with a change of clocks has 23 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
