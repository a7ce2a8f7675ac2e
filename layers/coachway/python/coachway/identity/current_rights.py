"""The rights that a caller has now, for routes that grant lasting rights.

An access token shows the rights of up to 15 minutes ago, and a verified API key is cached for 30 seconds.
"""

from dataclasses import replace

from coachway.core import errors, store
from coachway.core.auth import api_keys
from coachway.core.caller import Caller
from coachway.core.user_reference import USERS
from coachway.identity import roles
from coachway.identity.account_lookup import require_active
from coachway.identity.model.credentials import SESSIONS, Sessions
from coachway.identity.model.user import User


def read_current_rights(caller: Caller) -> Caller:
    """Return the caller with the role, party and permissions that they have now, and the records that give them.

    Raises Unauthenticated if the session or API key has ended, or the user is not active.
    """
    if caller.role == "api_key":
        valid = api_keys.read_valid_key(caller.org_id, caller.user_id)
        records = (valid.key, valid.owner) if valid.owner else (valid.key,)
        return replace(caller, permissions=frozenset(valid.key.permissions), rights_records=records)
    user_key = USERS.key(org=caller.org_id, id=caller.user_id)
    sessions_key = SESSIONS.key(org=caller.org_id, id=caller.user_id)
    batch = store.batch_get([user_key, sessions_key])
    sessions, user = batch.find(Sessions, sessions_key), batch.find(User, user_key)
    require_active(sessions.sessions if sessions else [], caller.session_id)
    if user is None or user.status != "active" or sessions is None:
        raise errors.Unauthenticated("This account is not active.")
    permissions, own_role = roles.read_role(user.org_id, user.role)
    return replace(
        caller,
        role=user.role,
        party_id=user.party_id or "",
        permissions=permissions,
        rights_records=(user, sessions, own_role) if own_role else (user, sessions),
    )
