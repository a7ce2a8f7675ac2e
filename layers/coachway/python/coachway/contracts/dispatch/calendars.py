"""Events of calendar subscription links."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class CalendarFeedRenewed(Event):
    """A subscription link was created; the previous one no longer works."""

    TYPE: ClassVar[str] = "calendar_feed.renewed"

    resource_id: str
    """A driver's, a vehicle's or, for the whole fleet, the organization's."""


class CalendarFeedRevoked(Event):
    """A subscription link was revoked."""

    TYPE: ClassVar[str] = "calendar_feed.revoked"

    resource_id: str
