"""HTTP routes of identity."""

from __future__ import annotations

from typing import cast

from coachway.core.answers import Answer
from coachway.core.caller import Caller
from coachway.core.http import ANYONE, SIGNED_IN, Api
from coachway.core.model import Changes, Page, PageQuery
from coachway.identity import (
    invitations,
    keys,
    organizations,
    registration,
    roles,
    sessions,
    tokens,
    users,
)
from coachway.identity import (
    login as logins,
)
from coachway.identity import (
    me as own,
)
from coachway.identity.fields import RoleName, SessionId, UserId
from coachway.identity.invitations import Acceptance, Invited, Joined
from coachway.identity.keys import Jwks
from coachway.identity.login import Login
from coachway.identity.me import Me
from coachway.identity.model import (
    Invitation,
    NewUser,
    Organization,
    OrganizationSettings,
    Registration,
    User,
    UserQuery,
    UserSettings,
)
from coachway.identity.registration import Registered
from coachway.identity.roles import NewRole, Role, RoleSettings
from coachway.identity.sessions import SessionView
from coachway.identity.tokens import Issued, Refresh, SignedIn

api = Api("identity", "Organizations, users, sessions, API keys.")
app = api.app


def _answered(issued: Issued) -> SignedIn:
    # The route declares the body's model; an Answer is that body with cookies.
    return cast("SignedIn", Answer(issued.body, cookies=issued.cookies)) if issued.cookies else issued.body


def _header(name: str) -> str:
    return app.current_request.headers.get(name, "") if app.current_request else ""


@api.post("/auth/register", needs=ANYONE, status=201, errors=(429,))
def register(caller: Caller, body: Registration) -> Registered:
    """Sign up an organization.

    Writes the organization and its first admin, who can log in at once.
    """
    return registration.register(caller, body)


@api.post("/auth/login", needs=ANYONE, secret=True, errors=(401, 429))
def login(caller: Caller, body: Login) -> SignedIn:
    """Log in with a password.

    Answers with tokens, or, when the account has a second factor, with `mfa_required` and an `mfa_token` for
    `/auth/mfa/verify`. With `cookies` the tokens are set as http-only cookies, and `csrf_token` is for X-CSRF-Token.
    """
    return _answered(logins.login(caller, body))


@api.post("/auth/refresh", needs=ANYONE, secret=True, errors=(401, 403, 429))
def refresh(caller: Caller, body: Refresh) -> SignedIn:
    """Exchange a refresh token for the next one.

    Each is good once; one that comes again ends its session. Without one in the body, the cookie is taken.
    """
    given = tokens.given_refresh(body, _header("cookie"), _header("x-csrf-token"))
    return _answered(sessions.refreshed(caller, given))


@api.post("/auth/logout", needs=SIGNED_IN, status=204)
def logout(caller: Caller) -> None:
    """End this session."""
    gone = sessions.signed_out(caller)
    return cast("None", Answer(status=204, cookies=gone)) if gone else None


@api.get("/auth/me", needs=SIGNED_IN)
def me(caller: Caller) -> Me:
    """Who I am, and what I may do."""
    return own.me(caller)


@api.get("/auth/sessions", needs=SIGNED_IN)
def list_sessions(caller: Caller, query: PageQuery) -> Page[SessionView]:
    """Where I am signed in, newest first."""
    return sessions.listed(caller, query)


@api.delete("/auth/sessions", needs=SIGNED_IN)
def end_other_sessions(caller: Caller) -> None:
    """End all my sessions but this one."""
    sessions.others_ended(caller)


@api.get("/auth/sessions/{session_id}", needs=SIGNED_IN)
def get_session(caller: Caller, session_id: SessionId) -> SessionView:
    """One of my sessions."""
    return sessions.shown(caller, session_id)


@api.delete("/auth/sessions/{session_id}", needs=SIGNED_IN)
def end_session(caller: Caller, session_id: SessionId) -> None:
    """End one of my sessions."""
    sessions.ended(caller, session_id)


@api.get("/auth/.well-known/jwks.json", needs=ANYONE)
def jwks() -> Jwks:
    """The public keys that verify access tokens."""
    return keys.jwks()


@api.post("/auth/invitations/accept", needs=ANYONE, status=201, errors=(404, 429))
def accept_invitation(caller: Caller, body: Acceptance) -> Joined:
    """Accept an invitation, and set a password."""
    return invitations.accept(caller, body)


@api.get("/users", needs="users:read")
def list_users(caller: Caller, query: UserQuery) -> Page[User]:
    """The people of the organization, newest first."""
    return users.listed(caller, query)


@api.post("/users", needs="users:write", status=201)
def create_user(caller: Caller, body: NewUser) -> User:
    """Add somebody who can log in at once."""
    return users.created(caller, body)


@api.post("/users/invite", needs="users:write", status=201, secret=True)
def invite_user(caller: Caller, body: Invitation) -> Invited:
    """Invite somebody by mail.

    Inviting somebody again who has not accepted yet voids the first invitation.
    """
    return invitations.invite(caller, body)


@api.get("/users/{user_id}", needs="users:read")
def get_user(caller: Caller, user_id: UserId) -> User:
    """One of the people of the organization."""
    return users.get(caller, user_id)


@api.put("/users/{user_id}", needs="users:write")
def update_user(caller: Caller, user_id: UserId, body: Changes[UserSettings], if_match: int | None) -> User:
    """Change somebody; another role, status or party ends their sessions."""
    return users.updated(caller, user_id, body, if_match)


@api.delete("/users/{user_id}", needs="users:write")
def delete_user(caller: Caller, user_id: UserId, if_match: int | None) -> None:
    """Remove somebody; the last admin cannot be."""
    users.deleted(caller, user_id, if_match)


@api.get("/roles", needs="users:read")
def list_roles(caller: Caller, query: PageQuery) -> Page[Role]:
    """The built-in roles and the organization's own, by name."""
    return roles.listed(caller, query)


@api.post("/roles", needs="roles:write", status=201)
def create_role(caller: Caller, body: NewRole) -> Role:
    """Make a role out of permissions that you have yourself."""
    return roles.created(caller, body)


@api.put("/roles/{role_name}", needs="roles:write")
def update_role(caller: Caller, role_name: RoleName, body: Changes[RoleSettings], if_match: int | None) -> Role:
    """Give a role other permissions."""
    return roles.updated(caller, role_name, body, if_match)


@api.delete("/roles/{role_name}", needs="roles:write")
def delete_role(caller: Caller, role_name: RoleName, if_match: int | None) -> None:
    """Remove a role that nobody has."""
    roles.deleted(caller, role_name, if_match)


@api.get("/organization", needs="organization:read")
def get_organization(caller: Caller) -> Organization:
    """The organization and its terms."""
    return organizations.get(caller.org_id)


@api.put("/organization", needs="organization:write")
def update_organization(caller: Caller, body: Changes[OrganizationSettings], if_match: int | None) -> Organization:
    """Change the organization; what is left out stays as it is, inside groups too."""
    return organizations.updated(caller, body, if_match)
