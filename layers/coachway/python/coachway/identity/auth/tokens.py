"""What a session is proved with: access tokens (signed, minutes), refresh tokens (opaque, weeks), and the cookies that
carry both to browsers.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Generic, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from coachway.core import errors
from coachway.core.auth import authentication
from coachway.core.runtime import settings
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.identity.model import permissions as model_permissions
from coachway.identity.model.field_types import GivenToken
from coachway.identity.model.user import User
from coachway.identity.secrets import signing_keys
from coachway.identity.secrets.hashing import digest_bytes, is_equal

MFA_AUDIENCE: Final = "coachway-mfa"
REFRESH_COOKIE: Final = "coachway_refresh"
_PREFIX: Final = "cwr_"
_HALF: Final = 16


class SignedIn(BaseSchema):
    """The tokens of a session; or, where a second factor is needed, the token to answer with.

    With `cookies` the tokens travel in http-only cookies and not in here; `csrf_token` is for X-CSRF-Token.
    """

    access_token: str | None = None
    refresh_token: str | None = None
    token_type: Literal["bearer", "cookie"] = "bearer"  # noqa: S105 - the name of a kind
    expires_in: Annotated[int, Field(description="seconds")]
    csrf_token: str | None = None
    mfa_required: bool = False
    mfa_token: str | None = None


class Refresh(RequestSchema):
    """A refresh token; left out by browsers, whose cookie carries it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": "cwr_AZ…"}]})

    refresh_token: GivenToken | None = None


Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Issued(Generic[Body]):
    """An answer that may set cookies."""

    body: Body
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token taken apart: where its session lies, what the session's tokens share, and its own secret."""

    org_id: str
    user_id: str
    session_id: str
    family: bytes
    secret: bytes

    @classmethod
    def new(cls, user: User, session_id: str, family: bytes | None = None) -> RefreshToken:
        """The next token of a session, or the first one."""
        shared = family or secrets.token_bytes(_HALF)
        return cls(user.org_id, user.id, session_id, shared, secrets.token_bytes(_HALF))

    @classmethod
    def read(cls, text: str) -> RefreshToken:
        """Raises Unauthenticated when the text cannot be one."""
        try:
            coded = text.removeprefix(_PREFIX).encode("ascii")
            raw = base64.b64decode(coded + b"=" * (-len(coded) % 4), altchars=b"-_", validate=True)
            if len(raw) != 48 + 2 * _HALF:
                raise ValueError(text)
            places = (
                ids.from_bytes("org", raw[:16]),
                ids.from_bytes("usr", raw[16:32]),
                ids.from_bytes("ses", raw[32:48]),
            )
        except (ValueError, binascii.Error):
            raise errors.Unauthenticated("the refresh token is not valid") from None
        return cls(*places, raw[48 : 48 + _HALF], raw[48 + _HALF :])

    @property
    def text(self) -> str:
        places = ids.to_bytes(self.org_id) + ids.to_bytes(self.user_id) + ids.to_bytes(self.session_id)
        return _PREFIX + base64.urlsafe_b64encode(places + self.family + self.secret).decode().rstrip("=")

    @property
    def family_digest(self) -> str:
        return digest_bytes(self.family)

    @property
    def current_digest(self) -> str:
        return digest_bytes(self.family + self.secret)


def create_access_token(user: User, permissions: frozenset[str], session_id: str, csrf: str, at: datetime) -> str:
    """A signed token that proves who asks and what they may do, for 15 minutes."""
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
            "exp": at + model_permissions.ACCESS_LIFE,
            "jti": ids.ulid(),
        }
    )


def create_mfa_token(user: User, method: str, at: datetime) -> str:
    """A signed token that proves a first factor, for five minutes and for nothing but giving the second."""
    return signing_keys.sign(
        {
            "iss": authentication.ISSUER,
            "aud": MFA_AUDIENCE,
            "sub": user.id,
            "org": user.org_id,
            "amr": method,
            "iat": at,
            "exp": at + model_permissions.MFA_LIFE,
            "jti": ids.ulid(),
        }
    )


def issue_tokens(
    user: User, permissions: frozenset[str], refresh: RefreshToken, at: datetime, *, cookies: bool
) -> Issued[SignedIn]:
    """What a session's owner is given: in the body, or in cookies."""
    csrf = secrets.token_urlsafe(24)
    access = create_access_token(user, permissions, refresh.session_id, csrf, at)
    seconds = int(model_permissions.ACCESS_LIFE.total_seconds())
    if not cookies:
        return Issued(SignedIn(access_token=access, refresh_token=refresh.text, expires_in=seconds))
    return Issued(
        SignedIn(token_type="cookie", expires_in=seconds, csrf_token=csrf),  # noqa: S106 - the name of a kind
        (
            _cookie(authentication.SESSION_COOKIE, access, seconds),
            _cookie(REFRESH_COOKIE, refresh.text, _REFRESH_SECONDS, below="/api/v1/auth", same_site="Strict"),
            _cookie(authentication.CSRF_COOKIE, csrf, _REFRESH_SECONDS, script_reads=True),
        ),
    )


_REFRESH_SECONDS: Final = int(model_permissions.REFRESH_LIFE.total_seconds())


def read_refresh_token(body: Refresh, cookies: str, csrf: str) -> str:
    """The refresh token that came in the body or, with its CSRF token, in the cookie.

    Raises Unauthenticated when there is none, Forbidden for a cookie without the CSRF token.
    """
    if body.refresh_token is not None:
        return body.refresh_token
    token = authentication.read_cookie(cookies, REFRESH_COOKIE)
    if not token:
        raise errors.Unauthenticated("send the refresh token in the body, or its cookie")
    if not csrf or not is_equal(csrf, authentication.read_cookie(cookies, authentication.CSRF_COOKIE)):
        raise errors.CsrfTokenInvalid("send the session's csrf_token as X-CSRF-Token")
    return token


def clear_session_cookies() -> tuple[str, ...]:
    """Takes the cookies of a session away."""
    return (
        _cookie(authentication.SESSION_COOKIE, "", 0),
        _cookie(REFRESH_COOKIE, "", 0, below="/api/v1/auth", same_site="Strict"),
        _cookie(authentication.CSRF_COOKIE, "", 0, script_reads=True),
    )


def _cookie(
    name: str, value: str, seconds: int, *, below: str = "", same_site: str = "Lax", script_reads: bool = False
) -> str:
    path = (urlsplit(settings.public_url()).path.rstrip("/") + below) or "/"
    hidden = "" if script_reads else "; HttpOnly"
    return f"{name}={value}; Path={path}; Max-Age={seconds}; Secure; SameSite={same_site}{hidden}"
