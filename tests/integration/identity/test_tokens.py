"""Access tokens and the rotation of signing keys."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from coachway.core.auth import authentication
from coachway.core.runtime import clock, settings
from coachway.core.types import ids
from coachway.identity.auth.tokens import MFA_AUDIENCE
from coachway.identity.secrets import signing_keys
from tests.integration.identity.builders import PASSWORD, get, post, register_organization
from tools.function_modules import load


def decode_claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_access_token_has_claims_and_verifies_with_published_keys() -> None:
    org = register_organization()
    published = get("/auth/.well-known/jwks.json").json()["keys"]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in published)
    kid = jwt.get_unverified_header(org.token)["kid"]
    key = jwt.PyJWK(next(each for each in published if each["kid"] == kid))
    claims = jwt.decode(org.token, key, algorithms=["ES256"], audience="coachway-api", issuer="coachway")
    assert (claims["sub"], claims["org"], claims["role"], claims["pty"]) == (org.admin_id, org.id, "admin", "")
    assert "clients:write" in claims["scope"].split()
    assert claims["exp"] - claims["iat"] == 900
    assert {"sid", "csrf", "jti"} <= claims.keys()


def test_unsigned_token_is_refused() -> None:
    org = register_organization()
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    body = org.token.split(".")[1]
    assert get("/auth/me", f"{header}.{body}.").status == 401
    unsigned = jwt.encode(decode_claims(org.token), "", algorithm="none", headers={"kid": "x"})
    assert get("/auth/me", unsigned).status == 401


def test_token_signed_with_another_key_is_refused() -> None:
    org = register_organization()
    kid = jwt.get_unverified_header(org.token)["kid"]
    forged = jwt.encode(
        decode_claims(org.token), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": kid}
    )
    assert get("/auth/me", forged).status == 401


def test_token_signed_with_public_key_as_shared_secret_is_refused() -> None:
    org = register_organization()
    key = get("/auth/.well-known/jwks.json").json()["keys"][0]
    forged = jwt.encode(decode_claims(org.token), key["x"], "HS256", headers={"kid": key["kid"]})
    assert get("/auth/me", forged).status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "elsewhere"},
        {"aud": MFA_AUDIENCE},
        {"iss": "elsewhere"},
        {"exp": 1},
        {"sub": None},
        {"org": None},
        {"iat": 99999999999},
    ],
)
def test_token_with_wrong_claims_is_refused(changes: dict[str, Any]) -> None:
    org = register_organization()
    claims = {name: value for name, value in (decode_claims(org.token) | changes).items() if value is not None}
    assert get("/auth/me", signing_keys.sign(claims)).status == 401


def test_token_with_changed_payload_is_refused() -> None:
    org = register_organization()
    head, _, signature = org.token.split(".")
    changed = base64.urlsafe_b64encode(json.dumps(decode_claims(org.token) | {"org": ids.new("org")}).encode()).decode()
    assert get("/auth/me", f"{head}.{changed.rstrip('=')}.{signature}").status == 401


def test_access_token_after_fifteen_minutes_is_refused() -> None:
    org = register_organization()
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    for minutes, status in ((14, 200), (16, 401)):
        with clock.frozen(clock.now() - timedelta(minutes=minutes)):
            token = post("/auth/login", body).json()["access_token"]
        assert get("/auth/me", token).status == status


def test_rotated_key_signs_after_ten_minutes_and_old_tokens_stay_valid() -> None:
    registered_at = clock.now() - timedelta(minutes=11)
    with clock.frozen(registered_at):
        org = register_organization()
    old_kid = jwt.get_unverified_header(org.token)["kid"]
    with clock.frozen(registered_at + timedelta(days=-30)):
        first = signing_keys.get_signing_keys()
    with clock.frozen(clock.now() + timedelta(days=2)):
        load("identity", "timer").handler({}, None)
    published = [each.kid for each in signing_keys.get_signing_keys().keys]
    assert published[0] == first.keys[0].kid == old_kid
    assert len(published) == 2
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    signing_keys.clear_signer_cache()
    authentication.clear_caches()
    new_token = post("/auth/login", body).json()["access_token"]
    assert jwt.get_unverified_header(new_token)["kid"] == old_kid
    assert get("/auth/me", new_token).status == 200
    signing_keys.clear_signer_cache()
    with clock.frozen(clock.now() + timedelta(days=2, minutes=10)):
        rotated_token = signing_keys.sign(decode_claims(new_token))
    assert jwt.get_unverified_header(rotated_token)["kid"] == published[1]
    assert get("/auth/me", rotated_token).status == 200
    assert get("/auth/me", new_token).status == 200


def test_rotate_signing_keys_twice_in_a_day_adds_one_key() -> None:
    register_organization()
    for days in (2, 2, 2):
        with clock.frozen(clock.now() + timedelta(days=days)):
            signing_keys.rotate_signing_keys()
    assert len(signing_keys.get_signing_keys().keys) == 2


def test_stored_private_keys_are_encrypted(dynamodb: Any) -> None:
    register_organization()
    item = str(dynamodb.get_item(TableName="coachway-test", Key={"pk": {"S": "PLATFORM#SIGNING"}, "sk": {"S": "KEYS"}}))
    assert '"d"' not in item
    assert "PRIVATE" not in item
    assert signing_keys.get_signing_keys().keys[0].sealed not in ("", None)


def test_changed_root_secret_adds_key_and_old_tokens_stay_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    org = register_organization()
    monkeypatch.setattr(settings, "root_secret", lambda: b"another secret of the tests")
    signing_keys.clear_signer_cache()
    login = post("/auth/login", {"organization": "harbor", "email": org.email, "password": PASSWORD})
    assert login.status == 200, login.text
    authentication.clear_caches()
    assert get("/auth/me", login.json()["access_token"]).status == 200
    assert get("/auth/me", org.token).status == 200
    assert len(signing_keys.get_signing_keys().keys) == 2
