"""The organization that a caller belongs to."""

from __future__ import annotations

from coachway.core import store
from coachway.identity.model.organization import ORGANIZATIONS, Organization


def get(org_id: str) -> Organization:
    """An organization: time zone, currency, tax and other terms. One read. Raises NotFound."""
    return store.get(Organization, ORGANIZATIONS.key(org=org_id))
