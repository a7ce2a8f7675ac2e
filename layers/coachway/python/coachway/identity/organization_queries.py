"""Reads of organizations, for all capabilities."""

from coachway.core import store
from coachway.identity.model.organization import ORGANIZATIONS, Organization


def get_organization(org_id: str) -> Organization:
    """Get an organization with its settings: time zone, currency, taxes, policies. Raises NotFound."""
    return store.get(Organization, ORGANIZATIONS.key(org=org_id))
