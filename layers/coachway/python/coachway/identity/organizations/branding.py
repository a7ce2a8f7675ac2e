"""The branding of an organization on pages, in emails and PDFs."""

from coachway.core.documents.branding import Brand
from coachway.identity.model.organization import Organization


def build_brand(organization: Organization) -> Brand:
    """Return the name, color, logo and contact details of an organization."""
    branding = organization.branding
    return Brand(
        name=organization.display_name,
        color=branding.color,
        logo_url=branding.logo_url or "",
        email=branding.email or "",
        phone=branding.phone or "",
        address=branding.address or "",
    )
