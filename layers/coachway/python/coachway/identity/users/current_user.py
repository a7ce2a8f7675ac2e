"""The current user, with their permissions and organization."""

from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.identity import organization_queries, roles
from coachway.identity.account_lookup import require_logged_in_user


class CurrentOrganization(BaseSchema):
    """The organization of the current user."""

    id: str
    name: str
    slug: str
    timezone: str
    currency: str
    phone: Annotated[str | None, Field(description="The phone number of the office.")] = None


class CurrentUser(BaseSchema):
    """The current user."""

    id: str
    email: str | None
    phone: str | None
    first_name: str
    last_name: str
    role: str
    permissions: list[str]
    party_id: str | None
    mfa_enabled: bool
    organization: CurrentOrganization


def get_current_user(caller: Caller) -> CurrentUser:
    """Get the caller's user as stored now, which can differ from the claims of the access token."""
    user = require_logged_in_user(caller)
    organization = organization_queries.get_organization(caller.org_id)
    organization_fields = organization.model_dump(include={*CurrentOrganization.model_fields})
    return CurrentUser(
        **user.model_dump(include={*CurrentUser.model_fields}),
        permissions=sorted(roles.get_permissions(user.org_id, user.role)),
        organization=CurrentOrganization(**organization_fields, phone=organization.branding.phone),
    )
