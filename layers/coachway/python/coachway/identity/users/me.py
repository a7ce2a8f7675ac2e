"""What a signed-in person sees of themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.identity import organization_queries, roles
from coachway.identity.account_lookup import require_signed_in_user


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


def get_me(caller: Caller) -> Me:
    """The caller as they are now, not as they were when their token was made."""
    user = require_signed_in_user(caller)
    organization = organization_queries.get(caller.org_id)
    existing = user.model_dump(include={*Me.model_fields})
    event = organization.model_dump(include={*OwnOrganization.model_fields})
    own = OwnOrganization(**event, phone=organization.branding.phone)
    return Me(**existing, permissions=sorted(roles.get_permissions(user.org_id, user.role)), organization=own)
