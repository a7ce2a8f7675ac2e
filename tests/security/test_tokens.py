"""Forged, expired and foreign tokens at every operation that requires one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.permissions import PERMISSIONS
from tests.integration.client import call, token_for
from tests.integration.conftest import _process, dynamodb  # noqa: F401 - fixtures
from tests.security.operations import Operation, list_guarded_operations
from tools.function_modules import list_api_entries

__all__ = ["dynamodb"]

EVERYTHING = " ".join(sorted(PERMISSIONS))


def _build_claims() -> dict[str, Any]:
    return jwt.decode(token_for(EVERYTHING), options={"verify_signature": False})


def _encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _build_unsigned() -> str:
    return f"{_encode({'alg': 'none', 'kid': 'test', 'typ': 'JWT'})}.{_encode(_build_claims())}."


def _build_altered() -> str:
    head, _, signature = token_for("portal:use").split(".")
    return f"{head}.{_encode(_build_claims())}.{signature}"


def _sign_with_other_key() -> str:
    return jwt.encode(_build_claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "test"})


def _sign_with_embedded_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(
        _build_claims(), key, "ES256", headers={"kid": "mine", "jwk": jwk, "jku": "https://evil.example/jwks"}
    )


FORGERIES: dict[str, Callable[[], str]] = {
    "not signed": _build_unsigned,
    "altered": _build_altered,
    "signed by another key": _sign_with_other_key,
    "signed by a key that it brings along": _sign_with_embedded_key,
    "signed with a shared secret": lambda: jwt.encode(_build_claims(), "k" * 64, "HS256", headers={"kid": "test"}),
    "expired": lambda: token_for(EVERYTHING, exp=clock.now() - timedelta(seconds=1)),
    "for another audience": lambda: token_for(EVERYTHING, aud="coachway-mfa"),
    "of another issuer": lambda: token_for(EVERYTHING, iss="https://evil.example"),
    "not good yet": lambda: token_for(EVERYTHING, nbf=clock.now() + timedelta(hours=1)),
    "without a signature": lambda: token_for(EVERYTHING).rpartition(".")[0] + ".",
    "no token at all": lambda: "undefined",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_token_returns_401(forgery: str, dynamodb: Any) -> None:
    token = FORGERIES[forgery]()
    for operation in list_guarded_operations():
        response = _call(operation, token)
        assert response.status == 401, f"{operation}: {response.text}"


def test_valid_token_is_accepted(dynamodb: Any) -> None:
    """Without this, the forged tokens could be refused for another reason."""
    for operation in list_guarded_operations():
        token = token_for(EVERYTHING, user_id=ids.new("usr"))  # one of the operations ends the user's session
        assert _call(operation, token).status != 401 or operation.permission == "signed-in", str(operation)


def _call(operation: Operation, token: str) -> Any:
    api = next(
        each.api for each in list_api_entries() if any(route.path == operation.path for route in each.api.routes)
    )
    path = operation.path.replace("{", "").replace("}", "")
    return call(api, operation.method, path, body={} if operation.media_type else None, token=token)
