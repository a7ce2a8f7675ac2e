"""How an organization shows itself on pages and in mails."""

from __future__ import annotations

from coachway.core.documents.branding import Brand
from coachway.identity.model.organization import Organization


def build_brand(organization: Organization) -> Brand:
    """Its name, colour and addresses."""
    branding = organization.branding
    return Brand(
        name=organization.display_name,
        color=branding.color,
        logo_url=branding.logo_url or "",
        email=branding.email or "",
        phone=branding.phone or "",
        address=branding.address or "",
    )
