"""Users of the organization's own: those who can be responsible for clients and leads."""

from coachway.core.caller import EXTERNAL_ROLES
from coachway.identity.account_lookup import get_user
from coachway.identity.errors import NotStaff
from coachway.identity.model.user import User


def is_active_staff(user: User) -> bool:
    """Whether a user is active, and not a client, vendor or driver."""
    return user.status == "active" and user.party_id is None and user.role not in EXTERNAL_ROLES


def require_active_staff(user: User) -> User:
    """Return the user. Raises NotStaff unless they are active, and not a client, vendor or driver."""
    if not is_active_staff(user):
        raise NotStaff("Choose an active user of the organization, not a client, vendor or driver.")
    return user


def get_active_staff(org_id: str, user_id: str) -> User:
    """Get a user of the organization's own. Raises NotFound, NotStaff."""
    return require_active_staff(get_user(org_id, user_id))
