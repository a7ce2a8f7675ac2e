"""Send requests to a capability's routes in this process, as API Gateway does."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.errors import Error
from coachway.core.http.routing import ApiRouter
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.credentials import Session, Sessions
from coachway.identity.model.user import User
from tools import error_codes

Json = Any


@dataclass
class Reply:
    """A response of the API."""

    status: int
    headers: Mapping[str, Any]
    text: str
    cookies: list[str] = field(default_factory=list)

    def json(self) -> Json:
        return json.loads(self.text)


NO_IDEMPOTENCY_KEY: Final = {"idempotency-key": ""}


class _Context:
    aws_request_id = "test-request"


def call(
    api: ApiRouter,
    method: str,
    path: str,
    body: Json = None,
    *,
    token: str = "",
    query: Mapping[str, str | list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    raw: bytes | None = None,
) -> Reply:
    """Send a request; `path` is the full path, such as `/api/v1/clients/cli_…`.

    A POST has a new Idempotency-Key unless `headers` contain one, or `NO_IDEMPOTENCY_KEY`.
    """
    resource, parameters = _route(api, path)
    sent = {"content-type": "application/json", **{name.lower(): value for name, value in (headers or {}).items()}}
    if method == "POST" and sent.setdefault("idempotency-key", ids.ulid()) == "":
        del sent["idempotency-key"]
    if token:
        sent["authorization"] = f"Bearer {token}"
        _store_account(api, method, resource, token)
    content = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
    values = {name: value if isinstance(value, list) else [value] for name, value in (query or {}).items()}
    event = {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: value[-1] for name, value in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/live{path}",
            "requestId": f"req-{ids.ulid()}",
            "identity": {"sourceIp": "192.0.2.7"},
        },
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
    }
    response = api.app(event, _Context())
    lists = response.get("multiValueHeaders", {})
    _require_declared(api, method, resource, response)
    return Reply(response["statusCode"], response["headers"], response["body"], lists.get("Set-Cookie", []))


def _store_account(api: ApiRouter, method: str, resource: str, token: str) -> None:
    """Store the user and session of a token of `token_for`, if the route reads them and they do not exist."""
    [route] = [each for each in api.routes if (each.method, each.path) == (method, resource)]
    if route.refresh_caller is None or token.count(".") != 2 or jwt.get_unverified_header(token).get("kid") != "test":
        return
    claims = jwt.decode(token, options={"verify_signature": False})
    org_id, user_id, role = claims["org"], claims["sub"], claims["role"]
    user = User(
        id=user_id,
        org_id=org_id,
        email=f"{user_id}@harbor.example".lower(),
        first_name="Ana",
        last_name="Ruiz",
        role=role,
        party_id=claims["pty"] or None,
        status="active",
    )
    now = clock.now()
    session = Session(
        id=claims["sid"],
        family="",
        current="",
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=30),
        ip="192.0.2.7",
        agent="",
    )
    records = (user, Sessions(id=user_id, org_id=org_id, sessions=[session]))
    absent = [record for record in records if store.find(type(record), record.key()) is None]
    if absent:
        store.commit(Caller.system("tests", org_id), *(Create(record) for record in absent))


def _require_declared(api: ApiRouter, method: str, resource: str, response: Json) -> None:
    """Fail if a route returns an error that its declaration does not list."""
    if response["headers"].get("Content-Type") != "application/problem+json" or response["statusCode"] == 500:
        return
    code = json.loads(response["body"])["code"]
    [route] = [each for each in api.routes if (each.method, each.path) == (method, resource)]
    declared = [kind.code for kind in error_codes.route_errors(route)]
    is_general = Error.registry[code].__module__ == Error.__module__
    assert is_general or code in declared, f"{route.name} returns {code}: add the class to its errors=(…)"


def _route(api: ApiRouter, path: str) -> tuple[str, dict[str, str]]:
    segments = path.strip("/").split("/")
    candidates = []
    for route in {each.path for each in api.routes}:
        parts = route.strip("/").split("/")
        if len(parts) == len(segments) and all(
            p == a or p.startswith("{") for p, a in zip(parts, segments, strict=True)
        ):
            candidates.append(route)
    best = min(candidates, key=lambda each: each.count("{"))
    pairs = zip(best.strip("/").split("/"), segments, strict=True)
    return best, {name[1:-1]: value for name, value in pairs if name.startswith("{")}


@cache
def _test_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def token_for(
    permissions: str = "",
    *,
    org_id: str = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ",
    role: str = "admin",
    user_id: str = "usr_01JQZZZZZZZZZZZZZZZZZZZZZZ",
    party_id: str = "",
    **claims: Any,
) -> str:
    """A valid access token; `permissions` are separated by spaces. Stores the signing key if there is none."""
    if store.find(authentication.SigningKeys, authentication.SIGNING_KEYS.key()) is None:
        public = jwt.algorithms.ECAlgorithm.to_jwk(_test_key().public_key(), as_dict=True)
        key = authentication.SigningKey(kid="test", public=public, sealed="", created_at=clock.now())
        store.commit(Caller.system("tests", ""), Create(authentication.SigningKeys(keys=[key])))
    now = datetime.now(UTC)  # the library that checks tokens uses the real clock
    token_claims = {
        "iss": authentication.ISSUER,
        "aud": authentication.AUDIENCE,
        "sub": user_id,
        "org": org_id,
        "role": role,
        "scope": permissions,
        "sid": "ses_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        "pty": party_id,
        "iat": now,
        "exp": now + timedelta(minutes=15),
        **claims,
    }
    return jwt.encode(token_claims, _test_key(), authentication.ALGORITHM, headers={"kid": "test"})
