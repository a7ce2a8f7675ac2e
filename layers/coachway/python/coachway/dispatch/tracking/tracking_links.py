"""Tracking links: anyone with the link sees a charter's vehicles until it expires or is replaced."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.dispatch.errors import CharterNotTrackable
from coachway.identity.model.organization import ORGANIZATIONS, Organization

PURPOSE: Final = "track"
DEFAULT_EXPIRY: Final = timedelta(hours=24)
"""How long after the end of the trip a link is valid by default."""
_RETENTION: Final = timedelta(days=30)

TRACKING_LINK = AccessPattern(
    "the tracking link of a charter",
    pk="ORG#{org}#TRACK_LINK#{charter}",
    sk="LINK",
)


class TrackingLinkInput(RequestSchema):
    """Create a tracking link; `renew` replaces the previous links."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"renew": False}]})

    expires_in_hours: Annotated[
        int | None, Field(ge=1, le=2160, description="Defaults to 24 hours after the trip.")
    ] = None
    renew: Annotated[bool, Field(description="Revokes the links created before.")] = False


class StoredTrackingLink(Record):
    """The nonce and expiry from which the tracking link of a charter is derived."""

    KIND: ClassVar[str] = "track_link"
    GRANTS_RIGHTS: ClassVar[bool] = True

    org_id: str
    charter_id: str
    nonce: str
    until: AwareDatetime

    def key(self) -> Key:
        return TRACKING_LINK.key(org=self.org_id, charter=self.charter_id)

    def expires_at(self) -> int:
        return int((self.until + _RETENTION).timestamp())


class TrackingLink(BaseSchema):
    """A tracking link. Anyone with the link sees the charter's vehicles."""

    token: str
    url: str
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class OpenedTrackingLink:
    """The charter and organization that a valid tracking link opens."""

    charter: Charter
    link: StoredTrackingLink
    organization: Organization


def open_link(token: str) -> OpenedTrackingLink:
    """Load what a tracking link opens. Raises NotFound if it is forged, expired or replaced, or the trip is not booked.

    A quote can have a revision that was not sent to its client.
    """
    link_token = signed_links.verify_link_token(PURPOSE, "chr", token)
    charter_key = CHARTER.key(org=link_token.org_id, id=link_token.subject_id)
    link_key = TRACKING_LINK.key(org=link_token.org_id, charter=link_token.subject_id)
    organization_key = ORGANIZATIONS.key(org=link_token.org_id)
    batch = store.batch_get([charter_key, link_key, organization_key])
    link, charter = batch.find(StoredTrackingLink, link_key), batch.find(Charter, charter_key)
    if link is None or charter is None or link.nonce != link_token.nonce or link.until <= clock.now():
        raise errors.NotFound("This link is no longer valid.")
    if charter.status is CharterStatus.QUOTE or not charter.is_accepted:
        raise errors.NotFound("This trip is not booked.")
    return OpenedTrackingLink(charter, link, batch.get(Organization, organization_key))


def create_link(caller: Caller, charter_id: str, body: TrackingLinkInput) -> TrackingLink:
    """Create the tracking link of a charter, or return the current one. Raises NotFound, Conflict."""
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter.status is CharterStatus.QUOTE:
        raise CharterNotTrackable("This charter is a quote. Book it first.")
    if charter.status.is_terminal and charter.status is not CharterStatus.COMPLETED:
        raise CharterNotTrackable(f"This charter is {charter.status}, so there is nothing to track.")
    now = clock.now()
    after_hours = body.expires_in_hours
    until = now + timedelta(hours=after_hours) if after_hours is not None else charter.ends_at + DEFAULT_EXPIRY
    if until <= now:
        raise CharterNotTrackable("The trip is over. Send `expires_in_hours` to share it anyway.")
    return _attempt_create(caller, charter, until.astimezone(UTC).replace(microsecond=0), renew=body.renew)


@retry_on_conflict
def _attempt_create(caller: Caller, charter: Charter, until: datetime, *, renew: bool) -> TrackingLink:
    key = TRACKING_LINK.key(org=charter.org_id, charter=charter.id)
    existing = store.find(StoredTrackingLink, key)
    if existing is None or renew or existing.until <= clock.now():
        nonce, version = signed_links.new_nonce(), existing.version if existing else 0
        link = StoredTrackingLink(
            org_id=charter.org_id, charter_id=charter.id, nonce=nonce, until=until, version=version
        )
    else:
        link = existing.model_copy(update={"until": until})
    token = signed_links.create_link_token(PURPOSE, charter.org_id, charter.id, link.nonce)
    url = f"{settings.public_url()}/pages/track/{token}"
    response = TrackingLink(token=token, url=url, expires_at=link.until)
    if existing is None:
        store.commit(caller, Create(link, on_exists=errors.ConcurrentUpdate()), response=response)
    elif link != existing:
        store.commit(caller, Update(existing, link), response=response)
    return response
