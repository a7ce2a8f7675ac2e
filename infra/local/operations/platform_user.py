"""Invite the platform operator of a deployment. No route of the API can assign this role."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from infra.local import aws_clients, console
from infra.local.stack_config import StackConfig

if TYPE_CHECKING:
    from coachway.identity.users.invitations import SentInvitation


class PlatformInvitation(NamedTuple):
    """An invitation, and the link to accept it in case the mail does not arrive."""

    invitation: SentInvitation
    link: str


def invite_platform_user(
    config: StackConfig, organization_slug: str, email: str, name: Mapping[str, str]
) -> PlatformInvitation:
    """Invite a platform user to an organization; `name` has `first_name` and `last_name`.

    On AWS, the current credentials must be able to write the table and to read the root secret and the parameter of
    the public URL. The invitation is sent by email.
    """
    with _product_environment(config):
        from coachway.core import errors
        from coachway.core.runtime import settings
        from coachway.identity.model.user import UserInvitation
        from coachway.identity.organizations import platform_admins

        try:
            body = UserInvitation.model_validate({"email": email, "role": "platform", **name})
            invitation = platform_admins.invite_platform_admin(organization_slug, body)
        except (errors.Error, ValueError) as error:
            raise console.CommandError(f"{email} cannot be invited to {organization_slug}: {error}") from None
        link = f"{settings.public_url()}/pages/invitations/{invitation.invitation_token}"
        return PlatformInvitation(invitation, link)


@contextmanager
def _product_environment(config: StackConfig) -> Iterator[None]:
    """Set the environment variables that `template.yaml` gives the functions, for the duration of the block."""
    previous = dict(os.environ)
    os.environ.update(
        aws_clients.environment_variables(config),
        ENVIRONMENT=config.environment,
        TABLE_NAME=f"coachway-{config.environment}",
        ROOT_SECRET_ARN=f"coachway/{config.environment}/root",
        PUBLIC_URL_PARAMETER=f"/coachway/{config.environment}/public-url",
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(previous)
