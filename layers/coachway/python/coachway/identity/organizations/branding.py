"""The branding of an organization on pages, in emails and PDFs."""

from coachway.core.documents.branding import Brand
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.logos import load_logo


def build_brand(organization: Organization, *, with_logo: bool = True) -> Brand:
    """Return the name, color, logo and contact details of an organization. One read, if it has uploaded a logo."""
    branding = organization.branding
    return Brand(
        name=organization.display_name,
        color=branding.color,
        logo_url=branding.logo_url or "",
        logo=load_logo(organization) if with_logo else None,
        email=branding.email or "",
        phone=branding.phone or "",
        address=branding.address or "",
    )
