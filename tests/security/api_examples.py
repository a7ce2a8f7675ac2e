"""`make examples`: record responses of a stack as examples of the API document.

Reading operations are sent as the demo's admin, because its records have names. Writing operations are sent with the
example of their document to a new organization, as in the access tests.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from coachway.core.http.routing import AUTHENTICATED
from infra.local import console, stack
from infra.local.stack_config import StackConfig
from tests.security.operations import FORM, Operation, document, list_operations
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant, random_address_header
from tests.stack import Stack
from tools.openapi import RECORDED_EXAMPLES

Json = Any

_CANDIDATES: Final = 8
"""The number of records of which the longest response is taken."""
_LIST_LENGTH: Final = 2
_TEXT_LENGTH: Final = 200
_TEXTS: Final = {
    "description": "Parking at the stadium",
    "last_name": "Tran",
    "message": "Four hours on site, return empty.",
    "notes": "Meet at the main entrance.",
    "number": "INV-2027-HARBOR-00001",
    "reason": "As agreed by phone",
    "reference": "ACH-20270402",
    "review_text": "On time, and a friendly driver.",
    "vendor_name": "Ridgeline Coaches",
}
"""What replaces a text that is only the marker of a test organization, by field."""
_SECRETS: Final = re.compile(
    r"(access|csrf|invitation|mfa|refresh)_token|key|otpauth_uri|recovery_codes|secret|token|url|n|x|y"
)


class Demo:
    """The demo's first organization, as its admin sees it."""

    def __init__(self, home: StackConfig) -> None:
        users = stack.read_stack_file(home).get("users", [])
        self.admin = next((each for each in users if each["role"] == "admin"), None)
        if self.admin is None:
            raise console.CommandError("there is no demo on this stack", "start the stack first: make up")
        self._http = httpx.Client(base_url=home.public_url, timeout=60)
        self._ids: dict[str, set[str]] = {}
        self.session: Json = self._http.post("/api/v1/auth/login", json=self.credentials).raise_for_status().json()

    @property
    def credentials(self) -> dict[str, str]:
        return {name: (self.admin or {})[name] for name in ("organization", "email", "password")}

    def read_response(self, operation: Operation) -> Json:
        """The JSON response of a GET, the longest of several records; None if there is none."""
        if not operation.parameters:
            return self._read(operation.path, operation)
        name = operation.parameters[-1]
        declared = document()["paths"][operation.path]["get"]["parameters"]
        [pattern] = [each["schema"].get("pattern", "") for each in declared if each["name"] == name]
        prefix = pattern.removeprefix("^").partition("_[0-7]")[0]
        candidates = (
            sorted(self._ids.get(prefix, ()), reverse=True)[:_CANDIDATES] if len(operation.parameters) == 1 else []
        )
        examples = [self._read(operation.path.replace(f"{{{name}}}", each), operation) for each in candidates]
        return max(filter(None, examples), key=lambda each: len(json.dumps(each)), default=None)

    def _read(self, path: str, operation: Operation) -> Json:
        # Yesterday, because the month may not have begun in the organization's time zone.
        query = {"month": f"{datetime.now(UTC) - timedelta(days=1):%Y-%m}"} if operation.query.get("month") else {}
        headers = {"Authorization": f"Bearer {self.session['access_token']}", **random_address_header()}
        response = self._http.get(path, params=query, headers=headers)
        if response.status_code != 200 or "json" not in response.headers["content-type"]:
            return None
        for text in _iterate_texts(response.json()):
            prefix, separator, ulid = text.partition("_")
            if separator and len(ulid) == 26:
                self._ids.setdefault(prefix, set()).add(text)
        return response.json()


def _iterate_texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _iterate_texts(part)


def _call_example(operation: Operation, tenant: Tenant) -> Json:
    """The JSON response of an operation to its own example; None if it is refused or not JSON."""
    seeds = Seeds(tenant)
    if operation.media_type == FORM:
        return None
    role = "" if operation.is_public else "admin"
    response = tenant.send(operation.method, seeds.build_path(operation), role=role, body=seeds.build_body(operation))
    is_json = response.is_success and response.content and "json" in response.headers.get("content-type", "")
    return response.json() if is_json else None


def record_examples(home: StackConfig) -> dict[str, Json]:
    """A JSON response of each operation that has one, by the operation's id."""
    demo, tenant = Demo(home), Tenant(Stack(home))
    names = {
        (path, method.upper()): each["operationId"]
        for path, methods in document()["paths"].items()
        for method, each in methods.items()
    }
    examples: dict[str, Json] = {"log_in": _shorten(demo.session, "", tenant.marker)}
    for operation in sorted(list_operations(), key=lambda each: (not each.is_read, len(each.parameters))):
        name = names[operation.path, operation.method]
        demo_response = demo.read_response(operation) if operation.is_read else None
        caller = (
            Tenant(tenant.deployment) if operation.permission == AUTHENTICATED and not operation.is_read else tenant
        )
        response = examples.get(name) or demo_response or _call_example(operation, caller)
        if response is not None and not operation.path.endswith("openapi.json"):
            examples[name] = _shorten(response, "", caller.marker)
            console.print_line(f"{operation}")
    return dict(sorted((examples | _find_examples_of_same_shape(examples)).items()))


def _find_examples_of_same_shape(examples: dict[str, Json]) -> dict[str, Json]:
    """Examples for operations without one, taken from operations with the same response schema."""
    shapes = {
        each["operationId"]: response["content"]["application/json"]["schema"]
        for methods in document()["paths"].values()
        for each in methods.values()
        for status, response in each["responses"].items()
        if status.startswith("2") and "application/json" in response.get("content", {})
    }
    return {
        name: next(examples[other] for other in examples if shapes.get(other) == shape)
        for name, shape in shapes.items()
        if name not in examples and shape.get("$ref") and any(shapes.get(other) == shape for other in examples)
    }


def _shorten(value: Json, name: str, marker: str) -> Json:
    """A shortened response without secrets."""
    if isinstance(value, dict):
        return {each: _shorten(inner, each, marker) for each, inner in value.items()}
    if isinstance(value, list):
        items = value[:_LIST_LENGTH] if value and isinstance(value[0], dict) else value
        return [_shorten(each, name, marker) for each in items]
    if not isinstance(value, str):
        return value
    if value == marker and name in _TEXTS:
        return _TEXTS[name]
    text = value.replace(f"@{marker}.example", "@acme.example").replace(f" {marker}", "").replace(marker, "harbor")
    text = re.sub(r"http://localhost:\d+(/_aws/execute-api/coachway/live)?", "https://coachway.example", text)
    if _SECRETS.fullmatch(name) and len(text) > 16:
        return re.sub(r"[^/]{16,}$", "…", text) if text.startswith("https://") else f"{text[:6]}…"
    return text if len(text) <= _TEXT_LENGTH else f"{text[:_TEXT_LENGTH]}…"


def main() -> int:
    """Record the examples and write them to the file."""
    try:
        examples = record_examples(StackConfig.from_environment())
    except console.CommandError as failure:
        print(f"\n✗ {failure.message}\n  → {failure.advice}", file=sys.stderr)
        return 1
    RECORDED_EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(examples)} examples were written to {RECORDED_EXAMPLES.name}; now: make generate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
