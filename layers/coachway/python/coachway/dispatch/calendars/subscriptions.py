"""Subscription links to the calendar of a driver, a vehicle or the fleet.

Anyone with the link can read the calendar until the link is renewed or revoked. Links are not stored: they are derived
from a stored nonce.
"""

from datetime import timedelta
from functools import partial
from typing import ClassVar, Final, NamedTuple

from pydantic import AwareDatetime

from coachway.contracts.dispatch.calendars import CalendarFeedRenewed, CalendarFeedRevoked
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.http.routing import BASE
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.repository import find_by_ids
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.diaries import service as diaries
from coachway.fleet.access_checks import require_own_driver
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.identity import organization_queries

_PAST: Final = timedelta(days=30)
_AHEAD: Final = timedelta(days=180)
_FLEET_PAST: Final = timedelta(days=7)
_FLEET_AHEAD: Final = timedelta(days=60)
_MAX_PAGES: Final = 20
"""Pages of 100 assignments in the feed of the fleet."""
_KINDS: Final = ("drv", "veh", "org")

FEED = AccessPattern(
    "the subscription link of a calendar: of a driver, a vehicle or the whole fleet",
    pk="ORG#{org}#CALENDAR_FEED#{resource}",
    sk="FEED",
)


class CalendarFeed(Entity):
    """The current link of a calendar. `id` is that of the driver or vehicle; for the fleet, of the organization."""

    KIND: ClassVar[str] = "calendar_feed"
    GRANTS_RIGHTS: ClassVar[bool] = True
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"nonce"})

    nonce: str
    """Empty when the link was revoked."""

    def key(self) -> Key:
        return FEED.key(org=self.org_id, resource=self.id)


class FeedLink(BaseSchema):
    """A subscription link. It is shown once; creating another one replaces it."""

    url: str
    created_at: AwareDatetime


class FeedContent(NamedTuple):
    """The content of a calendar feed."""

    name: str
    kind: str
    """`drv`, `veh` or `org`."""
    timezone: str
    assignments: list[Assignment]


def create_driver_feed(caller: Caller, driver_id: str) -> FeedLink:
    """Create a link to a driver's calendar; the previous one stops working.

    Raises NotFound, also when another driver asks for it.
    """
    return _create_link(caller, _get_driver(caller, driver_id).id)


def create_vehicle_feed(caller: Caller, vehicle_id: str) -> FeedLink:
    """Create a link to a vehicle's calendar; the previous one stops working. Raises NotFound."""
    return _create_link(caller, _get_vehicle(caller, vehicle_id).id)


def create_fleet_feed(caller: Caller) -> FeedLink:
    """Create a link to the fleet's calendar; the previous one stops working."""
    return _create_link(caller, caller.org_id)


def _get_driver(caller: Caller, driver_id: str) -> Driver:
    require_own_driver(caller, driver_id)
    return store.get(Driver, DRIVER.key(org=caller.org_id, id=driver_id))


def _get_vehicle(caller: Caller, vehicle_id: str) -> Vehicle:
    return store.get(Vehicle, VEHICLE.key(org=caller.org_id, id=vehicle_id))


@retry_on_conflict
def _create_link(caller: Caller, resource: str) -> FeedLink:
    before = store.find(CalendarFeed, FEED.key(org=caller.org_id, resource=resource))
    nonce, events = signed_links.new_nonce(), [CalendarFeedRenewed(resource_id=resource)]
    op: Op
    if before is None:
        feed = CalendarFeed(id=resource, org_id=caller.org_id, nonce=nonce)
        op = Create(feed, events, on_exists=errors.ConcurrentUpdate())
    else:
        feed = before.model_copy(update={"nonce": nonce})
        op = Update(before, feed, events)
    build_link = partial(_build_link, feed)
    store.commit(caller, op, response=build_link)
    return build_link()


def _build_link(feed: CalendarFeed) -> FeedLink:
    token = signed_links.create_link_token(_purpose(feed.id), feed.org_id, feed.id, feed.nonce)
    return FeedLink(url=f"{settings.public_url()}{BASE}/calendar/{token}.ics", created_at=feed.updated_at)


def revoke_driver_feed(caller: Caller, driver_id: str) -> None:
    """Revoke the link to a driver's calendar, if there is one. Raises NotFound when another driver asks for it."""
    _revoke_feed(caller, _get_driver(caller, driver_id).id)


def revoke_vehicle_feed(caller: Caller, vehicle_id: str) -> None:
    """Revoke the link to a vehicle's calendar, if there is one. Raises NotFound if the vehicle does not exist."""
    _revoke_feed(caller, _get_vehicle(caller, vehicle_id).id)


def revoke_fleet_feed(caller: Caller) -> None:
    """Revoke the link to the fleet's calendar, if there is one."""
    _revoke_feed(caller, caller.org_id)


def _revoke_feed(caller: Caller, resource: str) -> None:
    @retry_on_conflict
    def attempt_update() -> None:
        before = store.find(CalendarFeed, FEED.key(org=caller.org_id, resource=resource))
        if before is None or not before.nonce:
            return
        after = before.model_copy(update={"nonce": ""})
        store.commit(caller, Update(before, after, [CalendarFeedRevoked(resource_id=resource)]))

    attempt_update()


def _purpose(resource: str) -> str:
    return f"calendar-{resource.partition('_')[0]}"


def open_feed(token: str) -> FeedContent:
    """Load the calendar of a link. Raises NotFound for a forged or revoked link, and if the resource was removed.

    A driver's or vehicle's calendar covers the past 30 and the next 180 days; the fleet's, the past 7 and the next 60.
    """
    link = _verify_token(token)
    feed = store.find(CalendarFeed, FEED.key(org=link.org_id, resource=link.subject_id))
    if feed is None or not feed.nonce or feed.nonce != link.nonce:
        raise errors.NotFound("This link is no longer valid.")
    if link.subject_id == link.org_id:
        return _load_fleet_feed(link.org_id)
    return _load_resource_feed(link.org_id, link.subject_id)


def _verify_token(token: str) -> signed_links.LinkToken:
    for kind in _KINDS:
        try:
            return signed_links.verify_link_token(f"calendar-{kind}", kind, token)
        except errors.NotFound:
            continue
    raise errors.NotFound("This link is not valid.")


def _load_resource_feed(org_id: str, resource: str) -> FeedContent:
    now, kind = clock.now(), resource.partition("_")[0]
    weeks = list_iso_weeks(now - _PAST, now + _AHEAD)
    key = DRIVER.key(org=org_id, id=resource) if kind == "drv" else VEHICLE.key(org=org_id, id=resource)
    batch = store.batch_get([key, *diaries.page_keys(org_id, resource, weeks)])
    blocks = diaries.build_diary(batch, org_id, resource, weeks).blocks
    if kind == "drv":
        driver = batch.get(Driver, key)
        name, timezone = driver.name, driver.timezone
    else:
        name, timezone = batch.get(Vehicle, key).name, organization_queries.get_organization(org_id).timezone
    assignments = find_by_ids(org_id, [block.assignment_id for block in blocks])
    # In the order of the diary, which has no declined and no released assignments.
    ordered = [assignments[block.assignment_id] for block in blocks if block.assignment_id in assignments]
    return FeedContent(name, kind, timezone, [assignment for assignment in ordered if _is_shown(assignment)])


def _load_fleet_feed(org_id: str) -> FeedContent:
    # Imported here: lists import the assignment rules, which other calendars do not need at a cold start.
    from coachway.dispatch.assignments.queries import list_assignments
    from coachway.dispatch.assignments.schemas import AssignmentQuery

    organization = organization_queries.get_organization(org_id)
    caller, today = Caller.system("calendar-feed", org_id), clock.now().date()
    query: AssignmentQuery | None = AssignmentQuery(
        limit=100, date_from=today - _FLEET_PAST, date_to=today + _FLEET_AHEAD
    )
    assignments: list[Assignment] = []
    for _ in range(_MAX_PAGES):
        if query is None:
            break
        page = list_assignments(caller, query)
        assignments += [assignment for assignment in page.items if _is_shown(assignment)]
        query = query.model_copy(update={"cursor": page.next_cursor}) if page.next_cursor else None
    return FeedContent(organization.name, "org", organization.timezone, assignments)


def _is_shown(assignment: Assignment) -> bool:
    """Whether an assignment is shown: not if it was declined or released before check-in."""
    return assignment.ended_at is None or assignment.checked_in_at is not None
