"""Who a message is from: an organization's name, colour, and way of writing times and amounts."""

from __future__ import annotations

from dataclasses import dataclass

from coachway.core.branding import Brand
from coachway.core.wording import Wording
from coachway.identity import organizations


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message of an organization shares."""

    brand: Brand
    wording: Wording


def of(org_id: str) -> Letterhead:
    """The letterhead of an organization."""
    organization = organizations.get(org_id)
    branding = organization.branding
    return Letterhead(
        Brand(
            name=organization.shown_as,
            color=branding.color,
            email=branding.email or "",
            phone=branding.phone or "",
        ),
        Wording(timezone=organization.timezone, currency=organization.currency),
    )
