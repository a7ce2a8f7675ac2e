"""Timer that expires quotes that were not answered in time, and closes their links."""

from datetime import datetime
from typing import Final

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import DUE, QuoteLink
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema

_TIMER: Final = "quote-expiry"


class ExpiryResult(BaseSchema):
    """Number of quotes expired, links of answered quotes closed, and links that failed and are retried."""

    expired: int = 0
    closed: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Handle every link that is due. Handling a link again has no effect."""
    return ExpiryResult(**hourly_sweep.sweep(_TIMER, QuoteLink, DUE, _expire_link))


def _expire_link(link: QuoteLink, now: datetime) -> str:
    caller = Caller.system(_TIMER, link.org_id)
    charter = store.find(Charter, CHARTER.key(org=link.org_id, id=link.charter_id))
    is_due = charter is not None and _is_due(charter, now)
    if charter is not None and is_due:
        lifecycle.expire(caller, charter)
    store.commit(caller, Update(link, link.model_copy(update={"open": False})))
    return "expired" if is_due else "closed"


def _is_due(charter: Charter, now: datetime) -> bool:
    """Whether the charter's quote has expired. The index entry of its link may be outdated."""
    expires_at = charter.quote_expires_at
    return charter.status is CharterStatus.QUOTE and expires_at is not None and expires_at <= now
