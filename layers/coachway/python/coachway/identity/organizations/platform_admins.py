"""Users with the role `platform`, who operate the deployment. No organization can grant this role.

No route calls this module. It is called with direct access to the table.
"""

from dataclasses import replace

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.identity.model.permissions import PERMISSIONS
from coachway.identity.model.user import SLUGS, SlugHolder, UserInvitation
from coachway.identity.users import invitations
from coachway.identity.users.invitations import SentInvitation


def invite_platform_admin(slug: str, body: UserInvitation) -> SentInvitation:
    """Invite a user to an organization with the role `platform`; the role in `body` is ignored.

    Raises NotFound if the organization does not exist, Duplicate if another user has the email.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    if holder is None:
        raise errors.NotFound(f"There is no organization with the slug {slug}.")
    caller = replace(Caller.system("operator", holder.organization_id), permissions=PERMISSIONS)
    return invitations.issue_invitation(caller, body.model_copy(update={"role": "platform"}))
