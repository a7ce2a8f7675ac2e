"""Reads of organizations, for all capabilities."""

from typing import Final

from coachway.core import store
from coachway.core.persistence.data_version import DataVersion
from coachway.identity.model.cancellation_policy import TERMS, TermsVersion, terms_digest
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_known_data: Final = set[tuple[str, DataVersion]]()
"""The versions that the data of organizations has. A version is never lowered."""


def get_organization(org_id: str) -> Organization:
    """Get an organization with its settings: time zone, currency, taxes, policies. Raises NotFound."""
    return store.get(Organization, ORGANIZATIONS.key(org=org_id))


def has_data(org_id: str, version: DataVersion) -> bool:
    """Return whether an organization's data is at a version. No call if it was when this process asked before."""
    known = (org_id, version)
    if known not in _known_data and get_organization(org_id).has_data(version):
        _known_data.add(known)
    return known in _known_data


def clear_known_data() -> None:
    """Clear the cached data versions, as in a new process."""
    _known_data.clear()


def get_terms_text(organization: Organization, digest: str) -> str:
    """The text of terms with a digest. Reads it only if the organization has another text now. Empty for no digest."""
    if not digest:
        return ""
    if terms_digest(organization.terms) == digest:
        return organization.terms
    return store.get(TermsVersion, TERMS.key(org=organization.org_id, digest=digest)).text
