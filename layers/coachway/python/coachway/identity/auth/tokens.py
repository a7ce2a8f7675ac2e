"""Tokens of a session: signed access tokens, opaque refresh tokens, and the cookies that carry both to browsers."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from coachway.core import errors
from coachway.core.auth import authentication
from coachway.core.auth.authentication import REFRESH_COOKIE
from coachway.core.persistence.responses.idempotency import ResponseWithCookies
from coachway.core.runtime import settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.identity.model.credential_limits import ACCESS_TOKEN_LIFETIME, MFA_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME
from coachway.identity.model.field_types import TokenInput
from coachway.identity.model.user import User
from coachway.identity.secrets import signing_keys
from coachway.identity.secrets.hashing import digest_bytes, is_equal

MFA_AUDIENCE: Final = "coachway-mfa"
_AUTH_PATH: Final = "/api/v1/auth"
_PREFIX: Final = "cwr_"
_PART_BYTES: Final = 16
_REFRESH_COOKIE_SECONDS: Final = int(REFRESH_TOKEN_LIFETIME.total_seconds())


class LoginResult(BaseSchema):
    """The tokens of a session or, if `mfa_required` is true, the `mfa_token` for the second factor.

    With `cookies`, the tokens are in http-only cookies instead, and `csrf_token` goes into the header X-CSRF-Token.
    """

    access_token: str | None = None
    refresh_token: str | None = None
    token_type: Literal["bearer", "cookie"] = "bearer"  # noqa: S105 - a token type, not a token
    expires_in: Annotated[int, Field(description="Seconds until the access token or the `mfa_token` expires.")]
    csrf_token: str | None = None
    mfa_required: bool = False
    mfa_token: str | None = None


class RefreshRequest(RequestSchema):
    """A refresh token. Browsers omit it and send the cookie instead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "cwr_AZ…"}]})

    refresh_token: TokenInput | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token: the ids of its session, the part that all tokens of the session share, and its own secret."""

    org_id: str
    user_id: str
    session_id: str
    family: bytes
    secret: bytes

    @classmethod
    def new(cls, user: User, session_id: str, family: bytes | None = None) -> "RefreshToken":
        """Create the first token of a session or, with the `family` of an earlier one, the next."""
        family = family or secrets.token_bytes(_PART_BYTES)
        return cls(user.org_id, user.id, session_id, family, secrets.token_bytes(_PART_BYTES))

    @classmethod
    def read(cls, text: str) -> "RefreshToken":
        """Parse a refresh token. Raises Unauthenticated if it is malformed."""
        try:
            coded = text.removeprefix(_PREFIX).encode("ascii")
            raw = base64.b64decode(coded + b"=" * (-len(coded) % 4), altchars=b"-_", validate=True)
            if len(raw) != 48 + 2 * _PART_BYTES:
                raise ValueError(text)
            session_ids = (
                ids.from_bytes("org", raw[:16]),
                ids.from_bytes("usr", raw[16:32]),
                ids.from_bytes("ses", raw[32:48]),
            )
        except (ValueError, binascii.Error):
            raise errors.Unauthenticated("The refresh token is not valid.") from None
        return cls(*session_ids, raw[48 : 48 + _PART_BYTES], raw[48 + _PART_BYTES :])

    @property
    def text(self) -> str:
        session_ids = ids.to_bytes(self.org_id) + ids.to_bytes(self.user_id) + ids.to_bytes(self.session_id)
        return _PREFIX + base64.urlsafe_b64encode(session_ids + self.family + self.secret).decode().rstrip("=")

    @property
    def family_digest(self) -> str:
        return digest_bytes(self.family)

    @property
    def current_digest(self) -> str:
        return digest_bytes(self.family + self.secret)


def create_access_token(user: User, permissions: frozenset[str], session_id: str, csrf: str, at: datetime) -> str:
    """Return a signed access token with the user's permissions, valid for 15 minutes."""
    return signing_keys.sign(
        {
            "iss": authentication.ISSUER,
            "aud": authentication.AUDIENCE,
            "sub": user.id,
            "org": user.org_id,
            "role": user.role,
            "scope": " ".join(sorted(permissions)),
            "sid": session_id,
            "pty": user.party_id or "",
            "csrf": csrf,
            "iat": at,
            "exp": at + ACCESS_TOKEN_LIFETIME,
            "jti": ids.ulid(),
        }
    )


def create_mfa_token(user: User, method: str, at: datetime) -> str:
    """Return a signed token that proves the first factor, valid for five minutes and only for `/auth/mfa/verify`."""
    return signing_keys.sign(
        {
            "iss": authentication.ISSUER,
            "aud": MFA_AUDIENCE,
            "sub": user.id,
            "org": user.org_id,
            "amr": method,
            "iat": at,
            "exp": at + MFA_TOKEN_LIFETIME,
            "jti": ids.ulid(),
        }
    )


def issue_tokens(
    user: User, permissions: frozenset[str], refresh: RefreshToken, at: datetime, *, cookies: bool
) -> ResponseWithCookies[LoginResult]:
    """Return the tokens of a session in the body or, with `cookies`, in cookies."""
    csrf = secrets.token_urlsafe(24)
    access = create_access_token(user, permissions, refresh.session_id, csrf, at)
    seconds = int(ACCESS_TOKEN_LIFETIME.total_seconds())
    if not cookies:
        return ResponseWithCookies(LoginResult(access_token=access, refresh_token=refresh.text, expires_in=seconds))
    return ResponseWithCookies(
        LoginResult(token_type="cookie", expires_in=seconds, csrf_token=csrf),  # noqa: S106 - a token type, not a token
        (
            _cookie(authentication.SESSION_COOKIE, access, seconds),
            _cookie(REFRESH_COOKIE, refresh.text, _REFRESH_COOKIE_SECONDS, subpath=_AUTH_PATH, same_site="Strict"),
            _cookie(authentication.CSRF_COOKIE, csrf, _REFRESH_COOKIE_SECONDS, readable_by_scripts=True),
        ),
    )


def read_refresh_token(body: RefreshRequest, cookies: str, csrf: str) -> str:
    """Return the refresh token of the body or, if the CSRF token is right, of the cookie.

    Raises Unauthenticated if there is none, CsrfTokenInvalid for a cookie without its CSRF token.
    """
    if body.refresh_token is not None:
        return body.refresh_token
    token = authentication.read_cookie(cookies, REFRESH_COOKIE)
    if not token:
        raise errors.Unauthenticated("Send the refresh token in the body or in its cookie.")
    if not csrf or not is_equal(csrf, authentication.read_cookie(cookies, authentication.CSRF_COOKIE)):
        raise errors.CsrfTokenInvalid("Send the csrf_token of the session in the header X-CSRF-Token.")
    return token


def clear_session_cookies() -> tuple[str, ...]:
    """Return the cookie headers that clear the cookies of a session."""
    return (
        _cookie(authentication.SESSION_COOKIE, "", 0),
        _cookie(REFRESH_COOKIE, "", 0, subpath=_AUTH_PATH, same_site="Strict"),
        _cookie(authentication.CSRF_COOKIE, "", 0, readable_by_scripts=True),
    )


def _cookie(
    name: str, value: str, seconds: int, *, subpath: str = "", same_site: str = "Lax", readable_by_scripts: bool = False
) -> str:
    path = (urlsplit(settings.public_url()).path.rstrip("/") + subpath) or "/"
    http_only = "" if readable_by_scripts else "; HttpOnly"
    return f"{name}={value}; Path={path}; Max-Age={seconds}; Secure; SameSite={same_site}{http_only}"
