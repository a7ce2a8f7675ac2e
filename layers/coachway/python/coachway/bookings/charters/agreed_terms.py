"""The cancellation policy and the terms that a charter's client was shown, and that apply if the client accepts.

They are stored on the charter when its quote is sent, or when staff book a quote that was never sent, so that later
changes of the organization's settings do not change them.
"""

from collections.abc import Mapping
from typing import Any, Final

from coachway.bookings.charters.model import Charter
from coachway.clients.model import Client
from coachway.identity.model.cancellation_policy import DEFAULT_TIERS, RefundTier, describe_tiers, terms_digest
from coachway.identity.model.organization import Organization

NO_TERMS: Final[Mapping[str, Any]] = {"cancellation_policy": None, "terms_digest": ""}
"""The fields of a revision that was not sent yet."""


def current_terms(client: Client, organization: Organization) -> dict[str, Any]:
    """The fields of a charter whose quote is sent or booked now. The client's own policy comes first."""
    policy = client.cancellation_policy or organization.cancellation_policy
    return {"cancellation_policy": policy, "terms_digest": terms_digest(organization.terms)}


def get_tiers(charter: Charter) -> list[RefundTier]:
    """The tiers that apply to a charter: those that it was sent with, or the default."""
    return charter.cancellation_policy.tiers if charter.cancellation_policy else list(DEFAULT_TIERS)


def describe_cancellation(charter: Charter) -> list[str]:
    """What the client gets back after a cancellation, in words."""
    return [*describe_tiers(get_tiers(charter)), "If we cancel: we refund everything you paid"]
