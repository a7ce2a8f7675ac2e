"""The schedule of invoicing runs: 00:30 on the first of the next month, in the organization's time zone."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.datetimes import sortable, sortable_hour

_RUN_TIME: Final = time(0, 30)

MONTH_DUE: Final = AccessPattern(
    "the due time of an organization's invoicing run of a month",
    pk="ORG#{org}#INVOICING#{month}",
    sk="DUE",
)
DUE = AccessPattern(
    "invoicing runs of all organizations by the hour in which they are due, for the timer",
    index="gsi4",
    pk="INVOICING_DUE#{hour}",
    sk="{at}#{org}",
)


class MonthDue(Record):
    """A month with trips to invoice: when its run is due, and when it was started."""

    KIND: ClassVar[str] = "invoicing_due"

    org_id: str
    month: str
    due_at: AwareDatetime
    started_at: AwareDatetime | None = None

    def key(self) -> Key:
        return MONTH_DUE.key(org=self.org_id, month=self.month)

    def indexes(self) -> Mapping[str, Key]:
        if self.started_at is not None:
            return {}
        return {"gsi4": DUE.key(hour=sortable_hour(self.due_at), at=sortable(self.due_at), org=self.org_id)}


def current_month(now: datetime, timezone: str) -> tuple[str, datetime]:
    """Return the current month in a time zone, and the time at which it is invoiced."""
    return calculate_invoicing_month(now.astimezone(ZoneInfo(timezone)).date(), timezone)


def calculate_invoicing_month(day: date, timezone: str) -> tuple[str, datetime]:
    """Return the month of a date, and the time at which it is invoiced."""
    first_of_next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return f"{day:%Y-%m}", datetime.combine(first_of_next_month, _RUN_TIME, ZoneInfo(timezone))
