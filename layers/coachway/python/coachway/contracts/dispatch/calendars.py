"""What happens to the links by which programs subscribe to calendars."""

from __future__ import annotations

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class CalendarFeedRenewed(Event):
    """A link was made by which programs subscribe to a calendar; the one before it is void."""

    TYPE: ClassVar[str] = "calendar_feed.renewed"

    resource_id: str
    """A driver's, a vehicle's or, for the whole fleet, the organization's."""


class CalendarFeedRevoked(Event):
    """The link to a calendar was made void."""

    TYPE: ClassVar[str] = "calendar_feed.revoked"

    resource_id: str
