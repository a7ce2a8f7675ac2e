"""When the reminders of a trip are sent, in the time zone of its first stop. Pure: no clock, no I/O."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

CLIENT_TIME: Final = time(10)
"""The client is reminded from this time on, on the day before the trip, as soon as all drivers are known."""
DRIVER_TIME: Final = time(18)
"""The drivers are reminded at this time on the day before; the client at the latest."""
RETRY_INTERVAL: Final = timedelta(hours=1)
"""How often the drivers of a trip are looked up until all are known."""


class Stage(StrEnum):
    """How far the reminders of a trip are."""

    EARLY = "early"
    """Nothing is sent yet."""
    DAYTIME = "daytime"
    """The client is reminded if all drivers are known."""
    EVENING = "evening"
    """The client and the drivers are reminded."""
    OVER = "over"
    """The trip has begun; a reminder would come too late."""


def _day_before(departure: datetime, timezone: str, at: time) -> datetime:
    """The moment with this local time on the local day before the departure."""
    day = departure.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)
    return datetime.combine(day, at, tzinfo=ZoneInfo(timezone))


def find_stage(departure: datetime, timezone: str, now: datetime) -> Stage:
    """How far the reminders of a trip with this departure are at `now`."""
    if now >= departure:
        return Stage.OVER
    if now >= _day_before(departure, timezone, DRIVER_TIME):
        return Stage.EVENING
    return Stage.DAYTIME if now >= _day_before(departure, timezone, CLIENT_TIME) else Stage.EARLY


def find_first_check(departure: datetime, timezone: str, booked_at: datetime) -> datetime | None:
    """When the reminders of a trip are checked first.

    None for a trip that is booked after its last reminder: the client has just received the confirmation, and drivers
    receive the offer.
    """
    for at in (CLIENT_TIME, DRIVER_TIME):
        moment = _day_before(departure, timezone, at)
        if moment > booked_at:
            return moment
    return None


def find_next_check(departure: datetime, timezone: str, now: datetime, *, is_client_reminded: bool) -> datetime | None:
    """When the reminders of a trip are checked again, after a check at `now`. None after the last one."""
    evening = _day_before(departure, timezone, DRIVER_TIME)
    match find_stage(departure, timezone, now):
        case Stage.EARLY:
            return _day_before(departure, timezone, CLIENT_TIME)
        case Stage.DAYTIME:
            return evening if is_client_reminded else min(evening, now + RETRY_INTERVAL)
        case _:
            return None
