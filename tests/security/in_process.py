"""The API without a deployment: requests go to the handlers in this process, with a table in memory.

The same code answers behind a gateway. A sample of the requests is sent to a stack, to test the gateway as well.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Protocol
from urllib.parse import unquote

import httpx
import pytest

from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.http.routing import ApiRouter
from coachway.core.persistence import table
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.identity.secrets import signing_keys
from tests.location_server import get_location_server
from tests.memory.client import MemoryClient, MemoryConnection
from tests.security.operations import Operation
from tests.template import functions
from tools.function_modules import list_api_entries

STAGE: Final = "/live"
URL: Final = f"https://coachway.test{STAGE}"
ON_STACK: Final = pytest.mark.xdist_group("security")
"""One worker runs these tests, so that their organizations are created once."""
_OTHER_SERVICES: Final = {"BUCKET_NAME", "STRIPE_SECRET_ARN"}
"""Environment variables of functions that need a service other than the table."""


class Deployment(Protocol):
    """What a tenant needs from a deployment."""

    @property
    def table(self) -> str:
        """The name of the table."""

    def client(self, service: str) -> Any:
        """A client of an AWS service."""

    def gateway(self) -> httpx.Client:
        """A client of the API; its paths start behind the stage."""

    def root_secret(self) -> bytes:
        """The secret from which links are derived."""


class InProcess(httpx.BaseTransport):
    """A deployment within this process, with a table of its own."""

    table = "coachway-in-process"

    def __init__(self) -> None:
        self._memory = MemoryClient()
        self._secret = secrets.token_bytes(32)

    def clear_caches(self) -> None:
        """Forget what tests on another table left in this process. Call it at the start of a test."""
        store.clear_sequence_cache()
        authentication.clear_caches()
        signing_keys.clear_signer_cache()

    def client(self, service: str) -> Any:
        assert service == "dynamodb", f"there is no {service} in this process"
        return self._memory

    def gateway(self) -> httpx.Client:
        return httpx.Client(base_url=URL, transport=self)

    def root_secret(self) -> bytes:
        return self._secret

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the gateway does."""
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(STAGE)
        api, resource, parameters = _find_route(request.method, path)
        event = _build_event(request, path, resource, parameters)
        with self._use_this_table():
            response = api.app(event, _Context())
        content = response["body"].encode()
        headers = [(name, value) for name, value in response["headers"].items()]
        headers += [(name, each) for name, values in response.get("multiValueHeaders", {}).items() for each in values]
        return httpx.Response(
            response["statusCode"],
            headers=headers,
            content=base64.b64decode(content) if response.get("isBase64Encoded") else content,
            request=request,
        )

    @contextmanager
    def _use_this_table(self) -> Iterator[None]:
        """Make the code in this process use this deployment's table."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "TABLE_NAME": self.table,
                **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "us-east-1"),
                **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing"),
                "LOCATION_API_BASE": get_location_server().url,
                "CLIENTS_PER_ADDRESS": "1000",
                "MESSAGE_LIMIT_FACTOR": "1000",
                "PASSWORD_MEMORY_KIB": "8",
            }.items():
                patch.setenv(name, value)
            patch.setattr(settings, "root_secret", lambda: self._secret)
            patch.setattr(settings, "public_url", lambda: URL)
            patch.setattr(table, "CountingConnection", MemoryConnection)
            patch.setattr(MemoryConnection, "memory", self._memory)
            table.connection.cache_clear()
            yield
        table.connection.cache_clear()


class _Context:
    aws_request_id = "in-process"


def needs_only_table(operation: Operation) -> bool:
    """Whether the function of an operation needs only the table."""
    function_name = _list_functions()[operation.method, operation.path]
    variables: dict[str, Any] = functions()[function_name].get("Environment", {}).get("Variables", {})
    return not _OTHER_SERVICES & variables.keys()


def parametrize_operations(operations: Iterable[Operation]) -> pytest.MarkDecorator:
    """Run a test for each operation in this process, and for a tenth of them on the stack.

    Operations that need another service run on the stack only."""
    params = []
    for operation in operations:
        is_in_process = needs_only_table(operation)
        if is_in_process:
            params.append(pytest.param(operation, "process", id=str(operation)))
        if not is_in_process or zlib.crc32(str(operation).encode()) % 10 == 0:
            params.append(pytest.param(operation, "stack", id=f"{operation} over HTTP", marks=ON_STACK))
    return pytest.mark.parametrize(("operation", "site"), params, indirect=["site"])


def parametrize_on_stack(operations: Iterable[Operation]) -> pytest.MarkDecorator:
    """Run a test for each operation on the stack, which enforces grants."""
    params = [pytest.param(operation, "stack", id=str(operation), marks=ON_STACK) for operation in operations]
    return pytest.mark.parametrize(("operation", "site"), params, indirect=["site"])


@cache
def _list_functions() -> dict[tuple[str, str], str]:
    return {(route.method, route.path): each.function for each in list_api_entries() for route in each.api.routes}


@cache
def _list_routes() -> list[tuple[str, list[str], ApiRouter]]:
    routes = [(route, each.api) for each in list_api_entries() for route in each.api.routes]
    return [(route.method, route.path.strip("/").split("/"), api) for route, api in routes]


def _find_route(method: str, path: str) -> tuple[ApiRouter, str, dict[str, str]]:
    segments = path.strip("/").split("/")
    matches = [
        (sum(part.startswith("{") for part in parts), number)
        for number, (route_method, parts, _) in enumerate(_list_routes())
        if route_method == method and len(parts) == len(segments)
        if all(part.startswith("{") or part == each for part, each in zip(parts, segments, strict=True))
    ]
    assert matches, f"there is no route {method} {path}"
    _, parts, api = _list_routes()[min(matches)[1]]
    pairs = zip(parts, segments, strict=True)
    return api, f"/{'/'.join(parts)}", {part[1:-1]: unquote(each) for part, each in pairs if part.startswith("{")}


def _build_event(request: httpx.Request, path: str, resource: str, parameters: dict[str, str]) -> dict[str, Any]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
    query: dict[str, list[str]] = {}
    for name, value in request.url.params.multi_items():
        query.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": request.method,
            "path": f"{STAGE}{path}",
            "requestId": f"req-{ids.ulid()}",
            "identity": {"sourceIp": headers.get("x-forwarded-for", "192.0.2.7")},
        },
        "body": base64.b64encode(request.read()).decode(),
        "isBase64Encoded": True,
    }
