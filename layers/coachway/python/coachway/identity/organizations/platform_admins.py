"""People who run the deployment: the role `platform`, which no organization can give.

No route leads here. Whoever calls this has rights of their own on the table.
"""

from __future__ import annotations

from dataclasses import replace

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.identity.model import permissions
from coachway.identity.model.user import SLUGS, Invitation, SlugHolder
from coachway.identity.users import invitations
from coachway.identity.users.invitations import Invited


def invite(slug: str, body: Invitation) -> Invited:
    """Invite somebody to an organization as `platform`, whatever role `body` names; the mail goes out as any other.

    Raises NotFound for an organization that is not there, Duplicate for an address that another user has.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    if holder is None:
        raise errors.NotFound(f"there is no organization {slug}")
    caller = replace(Caller.system("operator", holder.organization_id), permissions=permissions.PERMISSIONS)
    return invitations.issue_invitation(caller, body.model_copy(update={"role": "platform"}))
