"""Invites whoever runs a deployment: with the operator's own rights on its table, as no route gives this role."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from infra.local import aws_clients, console
from infra.local.stack_config import Home

if TYPE_CHECKING:
    from coachway.identity.users.invitations import Invited


class Sent(NamedTuple):
    """An invitation, and where it can be accepted should its mail not arrive."""

    invited: Invited
    link: str


def invite(home: Home, organization: str, email: str, name: Mapping[str, str]) -> Sent:
    """Invite somebody to an organization, by its slug, on the emulator or on AWS.

    On AWS with the credentials at hand, which need to write the table, and to read the root secret and the parameter of
    the public address. The invitation goes out by mail as any other does. `name` has `first_name` and `last_name`.
    """
    with _deployment(home):
        from coachway.core import errors
        from coachway.core.runtime import settings
        from coachway.identity.model.user import Invitation
        from coachway.identity.organizations import platform_admins

        try:
            body = Invitation.model_validate({"email": email, "role": "platform", **name})
            invited = platform_admins.invite(organization, body)
        except (errors.Error, ValueError) as refused:
            raise console.Failed(f"{email} cannot be invited to {organization}: {refused}") from None
        return Sent(invited, f"{settings.public_url()}/pages/invitations/{invited.invitation_token}")


@contextmanager
def _deployment(home: Home) -> Iterator[None]:
    """What `template.yaml` tells the functions, by the names that it gives."""
    before = dict(os.environ)
    os.environ.update(
        aws_clients.environment(home),
        ENVIRONMENT=home.environment,
        TABLE_NAME=f"coachway-{home.environment}",
        ROOT_SECRET_ARN=f"coachway/{home.environment}/root",
        PUBLIC_URL_PARAMETER=f"/coachway/{home.environment}/public-url",
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
