"""The address for messages to an organization.

It is the email of the organization's branding, which clients see and reply to. At registration, this is the address of
the first admin. An organization can have none: then an admin gets its messages, and clients see no address.
"""

from coachway.contracts.identity import OrganizationUpdated
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import months_between, query_all
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.types.contact import is_same_email
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import USERS_BY_ROLE, User


def find_contact_address(organization: Organization) -> str | None:
    """Return the organization's email or that of its first active admin. None if no admin has one."""
    if organization.branding.email:
        return organization.branding.email
    for month in months_between(ids.get_created_at(organization.org_id), clock.now()):
        partition = USERS_BY_ROLE.partition(org=organization.org_id, role="admin", month=month)
        for user in query_all(User, partition, index=USERS_BY_ROLE.index):
            if user.is_active_admin and user.email:
                return user.email
    return None


def correction_ops(before: User, after: User) -> list[Op]:
    """Return the operation that changes the organization's email together with a user's, if they are the same.

    Only until the organization is confirmed: a mistyped address of the first admin can then be corrected in one place.
    """
    if not before.email or not after.email or before.email == after.email:
        return []
    organization = organization_queries.get_organization(before.org_id)
    branding = organization.branding
    if organization.is_confirmed or not branding.email or not is_same_email(branding.email, before.email):
        return []
    corrected = organization.model_copy(update={"branding": branding.model_copy(update={"email": after.email})})
    return [Update(organization, corrected, [OrganizationUpdated()])]
