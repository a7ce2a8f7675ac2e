"""The sender of a message: the brand and formats of an organization."""

from dataclasses import dataclass

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter
from coachway.identity import organization_queries
from coachway.identity.contact_address import find_contact_address
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand


@dataclass(frozen=True, slots=True)
class SendingOrganization:
    """The brand and formats of an organization, and its record."""

    brand: Brand
    formatter: Formatter
    organization: Organization

    @property
    def contact_address(self) -> str | None:
        """The address for messages to the organization. Reads its admins if the organization has no email."""
        return self.brand.email or find_contact_address(self.organization)

    @property
    def slug(self) -> str:
        """The short name of the organization, used to log in."""
        return self.organization.slug


def load_sending_organization(org_id: str) -> SendingOrganization:
    """Load the sender of an organization's messages."""
    organization = organization_queries.get_organization(org_id)
    formatter = Formatter(timezone=organization.timezone, currency=organization.currency)
    return SendingOrganization(build_brand(organization, with_logo=False), formatter, organization)
