"""Registration of an organization with its first admin."""

from dataclasses import replace

from coachway.contracts.identity import OrganizationRegistered, UserCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.data_version import CURRENT_DATA_VERSION
from coachway.core.persistence.operations import Create, IncrementCounters
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.identity import rate_limits
from coachway.identity.auth.password_strength import require_strong_password
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.organization import Branding, Organization
from coachway.identity.model.user import ADMINS, Registration, SlugHolder, User
from coachway.identity.secrets.hashing import digest_password


class RegisteredOrganization(BaseSchema):
    """A new organization and its first admin."""

    organization: Organization
    user: User


def register_organization(caller: Caller, body: Registration) -> RegisteredOrganization:
    """Create an organization and its admin. Raises Duplicate if another organization has the slug."""
    rate_limits.count_by_address("register", caller)
    rate_limits.count_by_account("register", normalize_email(body.admin.email))
    org_id, user_id = ids.new("org"), ids.new("usr")
    organization = Organization(
        id=org_id,
        org_id=org_id,
        data_version=CURRENT_DATA_VERSION,
        is_confirmed=False,
        branding=Branding(email=body.admin.email),
        **body.organization.model_dump(),
    )
    admin = body.admin
    user = User(
        id=user_id,
        org_id=org_id,
        email=admin.email,
        first_name=admin.first_name,
        last_name=admin.last_name,
        role="admin",
        status="active",
    )
    require_strong_password("admin.password", admin.password, user, organization)
    credentials = Credentials(id=user_id, org_id=org_id, password_hash=digest_password(admin.password))
    event = OrganizationRegistered(
        **body.organization.model_dump(),
        admin_id=user_id,
        admin_email=admin.email,
        admin_first_name=admin.first_name,
    )
    slug_taken = errors.Duplicate(
        f"Another organization has the slug {organization.slug}. Choose another one.",
        fields=[FieldError("organization.slug", "is used by another organization")],
    )
    response = RegisteredOrganization(organization=organization, user=user)
    store.commit(
        replace(caller, org_id=org_id, user_id=user_id, role="admin"),
        Create(SlugHolder(slug=organization.slug, organization_id=org_id), on_exists=slug_taken),
        Create(organization, [event]),
        Create(user, [UserCreated(user_id=user_id, role="admin")]),
        Create(credentials),
        IncrementCounters(ADMINS.key(org=org_id), {"n": 1}, "admin_count"),
        response=response,
    )
    return response
