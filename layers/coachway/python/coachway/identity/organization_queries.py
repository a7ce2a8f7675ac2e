"""Reads of organizations, for all capabilities."""

from coachway.core import store
from coachway.identity.model.cancellation_policy import TERMS, TermsVersion, terms_digest
from coachway.identity.model.organization import ORGANIZATIONS, Organization


def get_organization(org_id: str) -> Organization:
    """Get an organization with its settings: time zone, currency, taxes, policies. Raises NotFound."""
    return store.get(Organization, ORGANIZATIONS.key(org=org_id))


def get_terms_text(organization: Organization, digest: str) -> str:
    """The text of terms with a digest. Reads it only if the organization has another text now. Empty for no digest."""
    if not digest:
        return ""
    if terms_digest(organization.terms) == digest:
        return organization.terms
    return store.get(TermsVersion, TERMS.key(org=organization.org_id, digest=digest)).text
