"""Who a message is from: an organization's name, colour, and way of writing times and amounts."""

from __future__ import annotations

from dataclasses import dataclass

from coachway.core.branding import Brand
from coachway.core.wording import Wording
from coachway.identity import organizations
from coachway.identity.branding import brand_of


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message of an organization shares."""

    brand: Brand
    wording: Wording
    slug: str
    """The organization's short name, which people log in with."""


def of(org_id: str) -> Letterhead:
    """The letterhead of an organization."""
    organization = organizations.get(org_id)
    wording = Wording(timezone=organization.timezone, currency=organization.currency)
    return Letterhead(brand_of(organization), wording, organization.slug)
