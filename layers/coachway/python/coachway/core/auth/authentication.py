"""Authentication of requests by access token, session cookie or API key.

Each function verifies tokens with the public keys of the deployment, which it reads from the table and caches for five
minutes. The identity capability signs tokens.
"""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import jwt
from pydantic import AwareDatetime, Field

from coachway.core import errors, store
from coachway.core.auth import api_keys
from coachway.core.caller import Caller
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema

ISSUER: Final = "coachway"
AUDIENCE: Final = "coachway-api"
ALGORITHM: Final = "ES256"
SESSION_COOKIE: Final = "coachway_session"
REFRESH_COOKIE: Final = "coachway_refresh"
CSRF_COOKIE: Final = "coachway_csrf"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

SIGNING_KEYS = AccessPattern(
    "the signing keys of the deployment, with encrypted private keys",
    pk="PLATFORM#SIGNING",
    sk="KEYS",
)


class SigningKey(BaseSchema):
    """An ES256 key. `sealed` is the private key, encrypted with the root secret."""

    kid: str
    public: dict[str, str]
    sealed: str
    created_at: AwareDatetime


class SigningKeys(Record):
    """The keys of all tokens that can still be valid, oldest first, and the next key."""

    KIND: ClassVar[str] = "signing_keys"

    keys: list[SigningKey] = Field(default_factory=list)

    def key(self) -> Key:
        return SIGNING_KEYS.key()


def authenticate(method: str, headers: Mapping[str, str], request: Caller) -> Caller:
    """Return the caller that the credentials prove, or `request` (anonymous) if there are none.

    Raises Unauthenticated for wrong, expired or forged credentials, and CsrfTokenInvalid for a session cookie without
    its CSRF token.
    """
    bearer = headers.get("authorization", "")
    if bearer:
        scheme, _, token = bearer.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise errors.Unauthenticated("The Authorization header must be: Bearer <token>.")
        return _caller_from_claims(verify_token(token.strip()), request)
    if headers.get("x-api-key"):
        return _caller_from_api_key(headers["x-api-key"], request)
    session = read_cookie(headers.get("cookie", ""), SESSION_COOKIE)
    if session:
        claims = verify_token(session)
        csrf = headers.get("x-csrf-token", "")
        requested = str(claims.get("csrf", ""))
        if method not in _SAFE_METHODS and not (requested and hmac.compare_digest(csrf.encode(), requested.encode())):
            raise errors.CsrfTokenInvalid("Send the csrf_token of the session in the header X-CSRF-Token.")
        return _caller_from_claims(claims, request)
    return request


_token_cache: dict[tuple[str, str], tuple[float, Mapping[str, Any]]] = {}
_TOKEN_CACHE_SECONDS: Final = 60.0
"""Seconds in which a token is not verified again: most tokens are sent many times in a row."""
_MAX_CACHED_TOKENS: Final = 500


def verify_token(token: str, audience: str = AUDIENCE) -> Mapping[str, Any]:
    """Return the claims of a token that this deployment signed. Raises Unauthenticated for any other token."""
    since, claims = _token_cache.get((token, audience), (0.0, {}))
    if claims and time.monotonic() - since < _TOKEN_CACHE_SECONDS and time.time() < claims["exp"]:
        return claims
    claims = _decode_token(token, audience)
    if len(_token_cache) >= _MAX_CACHED_TOKENS:
        _token_cache.clear()
    _token_cache[token, audience] = (time.monotonic(), claims)
    return claims


def _decode_token(token: str, audience: str) -> dict[str, Any]:
    try:
        key = _get_public_key(str(jwt.get_unverified_header(token).get("kid", "")))
        options: Any = {"require": ["exp", "iat", "sub", "org"]}
        return dict(jwt.decode(token, key, algorithms=[ALGORITHM], audience=audience, issuer=ISSUER, options=options))
    except jwt.ExpiredSignatureError:
        raise errors.Unauthenticated("The token has expired. Refresh it or log in again.") from None
    except (jwt.InvalidTokenError, ValueError):
        raise errors.Unauthenticated("The token is not valid.") from None


def _caller_from_claims(claims: Mapping[str, Any], request: Caller) -> Caller:
    return Caller(
        org_id=claims["org"],
        user_id=claims["sub"],
        role=claims.get("role", ""),
        permissions=frozenset(str(claims.get("scope", "")).split()),
        session_id=claims.get("sid", ""),
        party_id=claims.get("pty", ""),
        ip=request.ip,
        user_agent=request.user_agent,
        correlation_id=request.correlation_id,
    )


@dataclass(slots=True)
class _KeyCache:
    """The public keys of the deployment, by key id."""

    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    read_at: float = 0.0


_key_cache = _KeyCache()
_KEY_CACHE_SECONDS: Final = 300.0
MIN_REFRESH_SECONDS: Final = 10.0
"""An unknown key id reloads the keys, but not more often than this, so that forged tokens do not cause many reads."""


def _get_public_key(kid: str) -> jwt.PyJWK:
    age = time.monotonic() - _key_cache.read_at
    if not _key_cache.keys or age > _KEY_CACHE_SECONDS or (kid not in _key_cache.keys and age > MIN_REFRESH_SECONDS):
        stored = store.find(SigningKeys, SIGNING_KEYS.key(), consistent=False)
        _key_cache.keys = {each.kid: jwt.PyJWK(each.public, ALGORITHM) for each in (stored.keys if stored else [])}
        _key_cache.read_at = time.monotonic()
    if kid not in _key_cache.keys:
        raise errors.Unauthenticated("The token is not valid.")
    return _key_cache.keys[kid]


def clear_caches() -> None:
    """Clear the cached public keys and API keys. For tests."""
    _key_cache.keys = {}
    api_keys.clear_cache()


def _caller_from_api_key(text: str, request: Caller) -> Caller:
    key = api_keys.verify_api_key(text)
    return Caller(
        org_id=key.org_id,
        user_id=key.id,
        role="api_key",
        permissions=frozenset(key.permissions),
        ip=request.ip,
        user_agent=request.user_agent,
        correlation_id=request.correlation_id,
    )


def read_credentials(headers: Mapping[str, str]) -> bytes:
    """Return the token, key or cookie of a request, unverified; empty if it has none.

    Of the cookies, the refresh token identifies a browser best: the access token expires between two attempts.
    """
    cookies = headers.get("cookie", "")
    cookie = read_cookie(cookies, REFRESH_COOKIE) or read_cookie(cookies, SESSION_COOKIE)
    return (headers.get("authorization", "") or headers.get("x-api-key", "") or cookie).encode()


def read_cookie(header: str, name: str) -> str:
    """Return the value of a cookie in a Cookie header; empty if it is missing."""
    if name not in header:
        return ""
    from http.cookies import CookieError, SimpleCookie

    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
