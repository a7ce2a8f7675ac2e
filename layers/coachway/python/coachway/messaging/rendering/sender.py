"""Who a message is from: an organization's name, colour, and way of writing times and amounts."""

from __future__ import annotations

from dataclasses import dataclass

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter
from coachway.identity import organization_queries
from coachway.identity.organizations.branding import build_brand


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message of an organization shares."""

    brand: Brand
    wording: Formatter
    slug: str
    """The organization's short name, which people log in with."""


def load_letterhead(org_id: str) -> Letterhead:
    """The letterhead of an organization."""
    organization = organization_queries.get(org_id)
    wording = Formatter(timezone=organization.timezone, currency=organization.currency)
    return Letterhead(build_brand(organization), wording, organization.slug)
