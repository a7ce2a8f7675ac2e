"""Routes of identity."""

from typing import cast

from coachway.core.auth.api_keys import ApiKey
from coachway.core.auth.authentication import authenticate
from coachway.core.caller import Caller
from coachway.core.errors import CsrfTokenInvalid, Forbidden, NotFound, RateLimited, Unauthenticated
from coachway.core.http.response_types import Response
from coachway.core.http.routing import AUTHENTICATED, PUBLIC, ApiRouter
from coachway.core.persistence.responses.idempotency import Body, ResponseWithCookies
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.identity import api_keys, organization_queries, roles
from coachway.identity.api_keys import CreatedApiKey, NewApiKey
from coachway.identity.auth import email_confirmation, mfa, otp, passwords, sessions, tokens
from coachway.identity.auth import login as logins
from coachway.identity.auth.login import LoginRequest
from coachway.identity.auth.mfa import MfaCode, MfaSetup, MfaVerified
from coachway.identity.auth.otp import Accepted, OtpRequest, OtpVerification
from coachway.identity.auth.passwords import PasswordChange, PasswordReset, PasswordResetRequest
from coachway.identity.auth.sessions import SessionView
from coachway.identity.auth.tokens import LoginResult, RefreshRequest
from coachway.identity.current_rights import read_current_rights
from coachway.identity.errors import CurrencyFixed, LastAdmin, PermissionsExceeded, RecentLoginRequired
from coachway.identity.model.field_types import ApiKeyId, RoleName, SessionId, UserId
from coachway.identity.model.organization import Organization, OrganizationSettings
from coachway.identity.model.user import NewUser, Registration, User, UserInvitation, UserQuery, UserSettings
from coachway.identity.organizations import registration
from coachway.identity.organizations import service as organization_service
from coachway.identity.organizations.registration import RegisteredOrganization
from coachway.identity.roles import NewRole, Role, RoleSettings
from coachway.identity.secrets import signing_keys
from coachway.identity.secrets.signing_keys import Jwks
from coachway.identity.users import current_user as own
from coachway.identity.users import invitations
from coachway.identity.users import service as users
from coachway.identity.users.current_user import CurrentUser
from coachway.identity.users.invitations import InvitationAcceptance, JoinedUser, SentInvitation

api = ApiRouter("identity", "Organizations, users, sessions and API keys.", refresh_caller=read_current_rights)
app = api.app


def _build_response(issued: ResponseWithCookies[Body]) -> Body:
    # The route declares the model of the body; a Response adds cookies to it.
    return cast("Body", Response(issued.body, cookies=issued.cookies)) if issued.cookies else issued.body


def _header(name: str) -> str:
    return app.current_request.headers.get(name, "") if app.current_request else ""


@api.post("/auth/register", permission=PUBLIC, status=201, errors=(RateLimited,))
def register_organization(caller: Caller, body: Registration) -> RegisteredOrganization:
    """Register an organization.

    Creates the organization and its first admin, who can log in immediately.
    """
    return registration.register_organization(caller, body)


@api.post("/auth/login", permission=PUBLIC, errors=(Unauthenticated, RateLimited))
def log_in(caller: Caller, body: LoginRequest) -> LoginResult:
    """Log in with a password.

    Returns tokens or, if the account has a second factor, `mfa_required` and an `mfa_token` for `/auth/mfa/verify`.
    With `cookies`, the tokens are set as http-only cookies, and `csrf_token` goes into the header X-CSRF-Token.
    """
    return _build_response(logins.log_in(caller, body))


@api.post("/auth/refresh", permission=PUBLIC, errors=(Unauthenticated, CsrfTokenInvalid, RateLimited))
def refresh_session(caller: Caller, body: RefreshRequest) -> LoginResult:
    """Exchange a refresh token for new tokens.

    A refresh token can be used once. If it is used again, its session ends. Browsers send the cookie instead of a
    body.
    """
    token = tokens.read_refresh_token(body, _header("cookie"), _header("x-csrf-token"))
    return _build_response(sessions.refresh_session(caller, token))


@api.post("/auth/logout", permission=AUTHENTICATED, status=204)
def log_out(caller: Caller) -> None:
    """Log out.

    Ends the session of the access token.
    """
    cookies = sessions.log_out(caller)
    return cast("None", Response(status=204, cookies=cookies)) if cookies else None


@api.post("/auth/mfa/setup", permission=AUTHENTICATED, errors=(RecentLoginRequired,), grants_rights=True)
def set_up_mfa(caller: Caller) -> MfaSetup:
    """Set up an authenticator.

    Requires a login within the last 15 minutes. The authenticator is active once `/auth/mfa/verify` has accepted a
    code.
    """
    return mfa.set_up_mfa(caller)


@api.post("/auth/mfa/verify", permission=PUBLIC, errors=(Unauthenticated, Forbidden, RateLimited))
def verify_mfa(caller: Caller, body: MfaCode) -> MfaVerified:
    """Verify an authenticator code.

    With the `mfa_token` of a login, completes that login; a recovery code is accepted as well. With a session,
    activates the authenticator that was set up and returns the recovery codes.
    """
    if body.mfa_token is not None:
        return _build_response(mfa.complete_mfa(caller, body, body.mfa_token))
    headers = app.current_request.headers if app.current_request else {}
    return mfa.confirm_mfa(read_current_rights(authenticate("POST", headers, caller)), body)


@api.delete("/auth/mfa", permission=AUTHENTICATED, errors=(RecentLoginRequired,), grants_rights=True)
def remove_mfa(caller: Caller) -> None:
    """Remove the authenticator.

    Requires a login within the last 15 minutes.
    """
    mfa.remove_mfa(caller)


@api.post("/auth/otp/request", permission=PUBLIC, status=202, errors=(RateLimited,))
def request_otp(caller: Caller, body: OtpRequest) -> Accepted:
    """Request a one-time code by SMS or email.

    For clients, vendors and drivers. The response is the same whether or not the account exists.
    """
    return otp.request_code(caller, body)


@api.post("/auth/otp/verify", permission=PUBLIC, errors=(Unauthenticated, RateLimited))
def verify_otp(caller: Caller, body: OtpVerification) -> LoginResult:
    """Log in with a one-time code."""
    return _build_response(otp.verify_code(caller, body))


@api.post("/auth/password/forgot", permission=PUBLIC, status=202, errors=(RateLimited,))
def forgot_password(caller: Caller, body: PasswordResetRequest) -> Accepted:
    """Request an email with a link to reset the password.

    The response is the same whether or not the account exists.
    """
    return passwords.request_reset(caller, body)


@api.post("/auth/password/reset", permission=PUBLIC, status=204, errors=(NotFound, RateLimited))
def reset_password(caller: Caller, body: PasswordReset) -> None:
    """Reset a password.

    Takes the token of the email. Ends all sessions of the user.
    """
    passwords.reset_password(caller, body)


@api.post("/auth/password/change", permission=AUTHENTICATED, status=204, errors=(RateLimited,), grants_rights=True)
def change_password(caller: Caller, body: PasswordChange) -> None:
    """Change your password.

    Ends your other sessions.
    """
    passwords.change_password(caller, body)


@api.post("/auth/email/confirmation", permission=AUTHENTICATED, status=202, errors=(RateLimited,), grants_rights=True)
def request_email_confirmation(caller: Caller) -> Accepted:
    """Request an email with a link to confirm your email address.

    For admins. Until one has confirmed their address, a new organization can send only a few messages a day.
    """
    return email_confirmation.request_confirmation(caller)


@api.get("/auth/me", permission=AUTHENTICATED)
def get_current_user(caller: Caller) -> CurrentUser:
    """Get the current user.

    Returns the user, their permissions and their organization.
    """
    return own.get_current_user(caller)


@api.get("/auth/sessions", permission=AUTHENTICATED)
def list_sessions(caller: Caller, query: PageQuery) -> Page[SessionView]:
    """List your sessions, newest first."""
    return sessions.list_sessions(caller, query)


@api.delete("/auth/sessions", permission=AUTHENTICATED)
def end_other_sessions(caller: Caller) -> None:
    """End your other sessions."""
    sessions.end_other_sessions(caller)


@api.get("/auth/sessions/{session_id}", permission=AUTHENTICATED)
def get_session(caller: Caller, session_id: SessionId) -> SessionView:
    """Get one of your sessions."""
    return sessions.get_session(caller, session_id)


@api.delete("/auth/sessions/{session_id}", permission=AUTHENTICATED)
def end_session(caller: Caller, session_id: SessionId) -> None:
    """End one of your sessions."""
    sessions.end_session(caller, session_id)


@api.get("/auth/.well-known/jwks.json", permission=PUBLIC)
def get_jwks() -> Jwks:
    """Get the public keys that verify access tokens."""
    return signing_keys.build_jwks()


@api.post("/auth/invitations/accept", permission=PUBLIC, status=201, errors=(NotFound, RateLimited))
def accept_invitation(caller: Caller, body: InvitationAcceptance) -> JoinedUser:
    """Accept an invitation and set a password."""
    return invitations.accept_invitation(caller, body)


@api.get("/users", permission="users:read")
def list_users(caller: Caller, query: UserQuery) -> Page[User]:
    """List users, newest first."""
    return users.list_users(caller, query)


@api.post("/users", permission="users:write", status=201, errors=(PermissionsExceeded,), grants_rights=True)
def create_user(caller: Caller, body: NewUser) -> User:
    """Create a user.

    The user can log in immediately. To let users choose their own password, invite them instead.
    """
    return users.create_user(caller, body)


@api.post(
    "/users/invite", permission="users:write", status=201, errors=(PermissionsExceeded, RateLimited), grants_rights=True
)
def invite_user(caller: Caller, body: UserInvitation) -> SentInvitation:
    """Invite a user by email.

    Replaces an earlier invitation of the same email that was not accepted.
    """
    return invitations.invite_user(caller, body)


@api.get("/users/{user_id}", permission="users:read")
def get_user(caller: Caller, user_id: UserId) -> User:
    """Get a user."""
    return users.get_user(caller, user_id)


@api.put(
    "/users/{user_id}",
    permission="users:write",
    errors=(LastAdmin, PermissionsExceeded, RateLimited),
    grants_rights=True,
)
def update_user(caller: Caller, user_id: UserId, body: PartialUpdate[UserSettings], if_match: int | None) -> User:
    """Update a user.

    A change of role, status or party ends the user's sessions.
    """
    return users.update_user(caller, user_id, body, if_match)


@api.delete("/users/{user_id}", permission="users:write", errors=(LastAdmin, PermissionsExceeded), grants_rights=True)
def delete_user(caller: Caller, user_id: UserId, if_match: int | None) -> None:
    """Delete a user.

    The last active admin cannot be deleted.
    """
    users.delete_user(caller, user_id, if_match)


@api.get("/roles", permission="users:read")
def list_roles(caller: Caller, query: PageQuery) -> Page[Role]:
    """List roles, by name.

    Includes the built-in roles and the organization's own roles.
    """
    return roles.list_roles(caller, query)


@api.post("/roles", permission="roles:write", status=201, errors=(PermissionsExceeded,), grants_rights=True)
def create_role(caller: Caller, body: NewRole) -> Role:
    """Create a role.

    A role can contain only permissions that you have.
    """
    return roles.create_role(caller, body)


@api.put("/roles/{role_name}", permission="roles:write", errors=(PermissionsExceeded,), grants_rights=True)
def update_role(caller: Caller, role_name: RoleName, body: PartialUpdate[RoleSettings], if_match: int | None) -> Role:
    """Update a role.

    Its users get the new permissions with their next access token.
    """
    return roles.update_role(caller, role_name, body, if_match)


@api.delete("/roles/{role_name}", permission="roles:write", errors=(PermissionsExceeded,), grants_rights=True)
def delete_role(caller: Caller, role_name: RoleName, if_match: int | None) -> None:
    """Delete a role.

    A role that is assigned to users cannot be deleted.
    """
    roles.delete_role(caller, role_name, if_match)


@api.get("/organization", permission="organization:read")
def get_organization(caller: Caller) -> Organization:
    """Get the organization and its settings."""
    return organization_queries.get_organization(caller.org_id)


@api.put("/organization", permission="organization:write", errors=(CurrencyFixed,), grants_rights=True)
def update_organization(
    caller: Caller, body: PartialUpdate[OrganizationSettings], if_match: int | None
) -> Organization:
    """Update the organization.

    Omitted fields keep their values, including the fields of nested objects.
    """
    return organization_service.update_organization(caller, body, if_match)


@api.get("/api-keys", permission="api-keys:write")
def list_api_keys(caller: Caller, query: PageQuery) -> Page[ApiKey]:
    """List API keys, newest first."""
    return api_keys.list_api_keys(caller, query)


@api.post("/api-keys", permission="api-keys:write", status=201, errors=(PermissionsExceeded,), grants_rights=True)
def create_api_key(caller: Caller, body: NewApiKey) -> CreatedApiKey:
    """Create an API key.

    The key is shown only in this response.
    """
    return api_keys.create_api_key(caller, body)


@api.delete("/api-keys/{api_key_id}", permission="api-keys:write", grants_rights=True)
def delete_api_key(caller: Caller, api_key_id: ApiKeyId, if_match: int | None) -> None:
    """Revoke an API key.

    Requests with the key may still be accepted for up to 30 seconds.
    """
    api_keys.delete_api_key(caller, api_key_id, if_match)
