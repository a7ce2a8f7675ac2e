"""Requests of people without an account: from the website of an organization, as JSON or by its page."""

from functools import lru_cache
from typing import Final, Literal

from pydantic import ConfigDict

from coachway.core import errors, store
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.text import OptionalText
from coachway.identity import rate_limits
from coachway.identity.model.user import SLUGS, SlugHolder
from coachway.sales.leads import capture
from coachway.sales.leads.model import LeadFields, NewLead
from coachway.sales.leads.rules import LeadSource

_ORGANIZATION_LIMIT: Final = RateLimit(500, 3600)
"""Requests to one organization from all addresses: far more than a busy day has, but no flood."""
_SLUG_SECONDS: Final = 300


class PublicLead(LeadFields):
    """A request for a quote. `website` is a trap for programs: leave it empty, and hide it from people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "first_name": "Bob",
                    "last_name": "Wilson",
                    "email": "bob@wilson.example",
                    "estimated_passengers": 48,
                    "estimated_trip_date": "2027-05-14",
                    "pickup_location": "11 Wall St, New York, NY",
                    "dropoff_location": "1 Franklin Park Rd, Boston, MA",
                    "consent_text": "Harbor Coach may contact me about this request.",
                }
            ]
        }
    )

    source: Literal[LeadSource.WEB, LeadSource.PARTNER, LeadSource.REFERRAL] = LeadSource.WEB
    website: OptionalText = ""


class LeadReceipt(BaseSchema):
    """The confirmation of a request. It is the same for everybody, so that it does not reveal who has asked before."""

    status: Literal["received"] = "received"


def receive_request(caller: Caller, slug: str, request: PublicLead) -> LeadReceipt:
    """Capture the request of a person. Raises NotFound for the slug, RateLimited."""
    receipt = LeadReceipt()
    org_id = find_organization_id(slug)
    _count(caller, org_id)
    if request.website:
        return receipt  # a program filled in the trap
    lead = NewLead(**request.model_dump(exclude={"website"}))
    capture.capture_lead(caller.in_organization(org_id), lead, response=receipt)
    return receipt


def find_organization_id(slug: str) -> str:
    """Return the id of the organization with a slug. At most one read. Raises NotFound."""
    org_id = _find_organization_id(slug, clock.epoch() // _SLUG_SECONDS)
    if org_id is None:
        raise errors.NotFound("There is no organization with this slug.")
    return org_id


@lru_cache(maxsize=256)
def _find_organization_id(slug: str, _period: int) -> str | None:
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    return holder.organization_id if holder is not None else None


def clear_cache() -> None:
    """Forget the organizations. For tests."""
    _find_organization_id.cache_clear()


def _count(caller: Caller, org_id: str) -> None:
    rate_limits.count_by_address("lead", caller)
    attempt_counters.count_attempt("lead:organization", org_id, _ORGANIZATION_LIMIT)
