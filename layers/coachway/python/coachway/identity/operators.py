"""People who run the deployment: the role `platform`, which no organization can give.

No route leads here. Whoever calls this has rights of their own on the table.
"""

from __future__ import annotations

from dataclasses import replace

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.identity import invitations, rules
from coachway.identity.invitations import Invited
from coachway.identity.model import SLUGS, Invitation, SlugHolder


def invite(slug: str, body: Invitation) -> Invited:
    """Invite somebody to an organization as `platform`, whatever role `body` names; the mail goes out as any other.

    Raises Missing for an organization that is not there, Duplicate for an address that another user has.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    if holder is None:
        raise errors.Missing(f"there is no organization {slug}")
    caller = replace(Caller.system("operator", holder.organization_id), permissions=rules.PERMISSIONS)
    return invitations.issued(caller, body.model_copy(update={"role": "platform"}))
