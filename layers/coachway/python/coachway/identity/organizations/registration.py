"""An organization signs up, with its first admin."""

from __future__ import annotations

from dataclasses import replace

from coachway.contracts.identity import OrganizationRegistered, UserCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import Create, IncrementCounters
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.identity import rate_limits
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import ADMINS, Registration, SlugHolder, User
from coachway.identity.secrets.hashing import digest_password


class Registered(BaseSchema):
    """A new organization and its first admin."""

    organization: Organization
    user: User


def register(caller: Caller, body: Registration) -> Registered:
    """Write organization, slug and admin, all or none. Raises Duplicate for a slug that is taken."""
    rate_limits.by_address("register", caller)
    rate_limits.by_account("register", normalize_email(body.admin.email))
    org_id, user_id = ids.new("org"), ids.new("usr")
    organization = Organization(id=org_id, org_id=org_id, **body.organization.model_dump())
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
    credentials = Credentials(id=user_id, org_id=org_id, password_hash=digest_password(admin.password))
    began = OrganizationRegistered(
        **body.organization.model_dump(),
        admin_id=user_id,
        admin_email=admin.email,
        admin_first_name=admin.first_name,
    )
    taken = errors.Duplicate(
        f"another organization is called {organization.slug}",
        fields=[FieldError("organization.slug", "must be one that nobody has yet")],
    )
    answer = Registered(organization=organization, user=user)
    store.commit(
        replace(caller, org_id=org_id, user_id=user_id, role="admin"),
        Create(SlugHolder(slug=organization.slug, organization_id=org_id), on_exists=taken),
        Create(organization, [began]),
        Create(user, [UserCreated(user_id=user_id, role="admin")]),
        Create(credentials),
        IncrementCounters(ADMINS.key(org=org_id), {"n": 1}, "admin_count"),
        answer=answer,
    )
    return answer
