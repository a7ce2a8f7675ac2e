"""Only tokens that this deployment signed, for its API and in time, prove anything."""

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
from tests.entries import load
from tests.integration.identity.builders import PASSWORD, get, post, register_organization


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def signed(claims: dict[str, Any], **changes: Any) -> str:
    return signing_keys.sign({**claims, **changes})


def test_a_token_says_who_and_what_and_verifies_with_the_published_keys() -> None:
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


def test_a_token_signed_with_nothing_is_refused() -> None:
    org = register_organization()
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    body = org.token.split(".")[1]
    assert get("/auth/me", f"{header}.{body}.").status == 401
    unsigned = jwt.encode(claims_of(org.token), "", algorithm="none", headers={"kid": "x"})
    assert get("/auth/me", unsigned).status == 401


def test_a_token_signed_with_another_key_is_refused_even_under_a_known_id() -> None:
    org = register_organization()
    kid = jwt.get_unverified_header(org.token)["kid"]
    forged = jwt.encode(claims_of(org.token), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": kid})
    assert get("/auth/me", forged).status == 401


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    org = register_organization()
    key = get("/auth/.well-known/jwks.json").json()["keys"][0]
    forged = jwt.encode(claims_of(org.token), key["x"], "HS256", headers={"kid": key["kid"]})
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
def test_a_token_for_something_else_or_another_time_is_refused(changes: dict[str, Any]) -> None:
    org = register_organization()
    claims = {name: value for name, value in (claims_of(org.token) | changes).items() if value is not None}
    assert get("/auth/me", signing_keys.sign(claims)).status == 401


def test_a_token_whose_payload_was_changed_is_refused() -> None:
    org = register_organization()
    head, _, signature = org.token.split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims_of(org.token) | {"org": ids.new("org")}).encode()).decode()
    assert get("/auth/me", f"{head}.{changed.rstrip('=')}.{signature}").status == 401


def test_a_token_is_good_for_fifteen_minutes() -> None:
    org = register_organization()
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    for minutes, status in ((14, 200), (16, 401)):
        with clock.frozen(clock.now() - timedelta(minutes=minutes)):
            token = post("/auth/login", body).json()["access_token"]
        assert get("/auth/me", token).status == status


def test_a_renewed_key_signs_after_a_while_and_the_old_tokens_stay_good() -> None:
    at = clock.now() - timedelta(minutes=11)
    with clock.frozen(at):
        org = register_organization()
    old = jwt.get_unverified_header(org.token)["kid"]
    with clock.frozen(at + timedelta(days=-30)):
        first = signing_keys.get_signing_keys()
    with clock.frozen(clock.now() + timedelta(days=2)):
        load("identity", "timer").handler({}, None)
    published = [each.kid for each in signing_keys.get_signing_keys().keys]
    assert published[0] == first.keys[0].kid == old
    assert len(published) == 2
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    signing_keys.clear_signer_cache()
    authentication.clear_caches()
    fresh = post("/auth/login", body).json()["access_token"]
    assert jwt.get_unverified_header(fresh)["kid"] == old
    assert get("/auth/me", fresh).status == 200
    signing_keys.clear_signer_cache()
    with clock.frozen(clock.now() + timedelta(days=2, minutes=10)):
        renewed = signing_keys.sign(claims_of(fresh))
    assert jwt.get_unverified_header(renewed)["kid"] == published[1]
    assert get("/auth/me", renewed).status == 200
    assert get("/auth/me", fresh).status == 200


def test_renewing_twice_in_a_day_is_once() -> None:
    register_organization()
    for days in (2, 2, 2):
        with clock.frozen(clock.now() + timedelta(days=days)):
            signing_keys.rotate_signing_keys()
    assert len(signing_keys.get_signing_keys().keys) == 2


def test_private_keys_lie_sealed_in_the_table(dynamodb: Any) -> None:
    register_organization()
    kept = str(dynamodb.get_item(TableName="coachway-test", Key={"pk": {"S": "PLATFORM#SIGNING"}, "sk": {"S": "KEYS"}}))
    assert '"d"' not in kept
    assert "PRIVATE" not in kept
    assert signing_keys.get_signing_keys().keys[0].sealed not in ("", None)


def test_a_changed_root_secret_means_a_new_key_and_old_tokens_live_out_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    org = register_organization()
    monkeypatch.setattr(settings, "root_secret", lambda: b"another secret of the tests")
    signing_keys.clear_signer_cache()
    told = post("/auth/login", {"organization": "harbor", "email": org.email, "password": PASSWORD})
    assert told.status == 200, told.text
    authentication.clear_caches()
    assert get("/auth/me", told.json()["access_token"]).status == 200
    assert get("/auth/me", org.token).status == 200
    assert len(signing_keys.get_signing_keys().keys) == 2
