"""What a signed-in person sees of themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.identity import organization_queries, roles
from coachway.identity.account_lookup import signed_in


class OwnOrganization(BaseSchema):
    """The organization that the caller is in."""

    id: str
    name: str
    slug: str
    timezone: str
    currency: str
    phone: Annotated[str | None, Field(description="of the office")] = None


class Me(BaseSchema):
    """The caller."""

    id: str
    email: str | None
    phone: str | None
    first_name: str
    last_name: str
    role: str
    permissions: list[str]
    party_id: str | None
    mfa_enabled: bool
    organization: OwnOrganization


def me(caller: Caller) -> Me:
    """The caller as they are now, not as they were when their token was made."""
    user = signed_in(caller)
    organization = organization_queries.get(caller.org_id)
    known = user.model_dump(include={*Me.model_fields})
    told = organization.model_dump(include={*OwnOrganization.model_fields})
    own = OwnOrganization(**told, phone=organization.branding.phone)
    return Me(**known, permissions=sorted(roles.permissions_of(user.org_id, user.role)), organization=own)
