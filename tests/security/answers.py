"""`make answers`: what a stack really answers, for the examples of the API's document.

What reads is asked of the demo's organization, whose things have names; what writes, of one made for it, with the
example of its own document, as the walk of the security tests does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from coachway.core.http.routing import AUTHENTICATED
from infra.local import console, stack
from infra.local.stack_config import StackConfig
from tests.security.operations import FORM, Operation, document, operations
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant, from_anywhere
from tests.stack import Stack
from tools.openapi import ANSWERS

Json = Any

_CANDIDATES: Final = 8
"""Of so many things, the one of which most is told is shown."""
_LISTED: Final = 2
_LONGEST: Final = 200
_SECRETS: Final = re.compile(
    r"(access|csrf|invitation|mfa|refresh)_token|key|otpauth_uri|recovery_codes|secret|token|url|n|x|y"
)


class Demo:
    """The demo's first organization, as its admin sees it."""

    def __init__(self, home: StackConfig) -> None:
        users = stack.read_stack_file(home).get("users", [])
        self.admin = next((each for each in users if each["role"] == "admin"), None)
        if self.admin is None:
            raise console.CommandError("there is no demo here", "start the stack first: make up")
        self._http = httpx.Client(base_url=home.public_url, timeout=60)
        self._ids: dict[str, set[str]] = {}
        self.signed_in: Json = self._http.post("/api/v1/auth/login", json=self.log_in).raise_for_status().json()

    @property
    def log_in(self) -> dict[str, str]:
        return {name: (self.admin or {})[name] for name in ("organization", "email", "password")}

    def told(self, operation: Operation) -> Json:
        """What a GET answers in JSON: of several things, of the one of which most is told; None when nothing is."""
        if not operation.parameters:
            return self._read(operation.path, operation)
        name = operation.parameters[-1]
        declared = document()["paths"][operation.path]["get"]["parameters"]
        [pattern] = [each["schema"].get("pattern", "") for each in declared if each["name"] == name]
        prefix = pattern.removeprefix("^").partition("_[0-7]")[0]
        known = sorted(self._ids.get(prefix, ()), reverse=True)[:_CANDIDATES] if len(operation.parameters) == 1 else []
        answers = [self._read(operation.path.replace(f"{{{name}}}", each), operation) for each in known]
        return max(filter(None, answers), key=lambda each: len(json.dumps(each)), default=None)

    def _read(self, path: str, operation: Operation) -> Json:
        query = {"month": f"{datetime.now(UTC):%Y-%m}"} if operation.query.get("month") else {}
        headers = {"Authorization": f"Bearer {self.signed_in['access_token']}", **from_anywhere()}
        answer = self._http.get(path, params=query, headers=headers)
        if answer.status_code != 200 or "json" not in answer.headers["content-type"]:
            return None
        for text in _texts(answer.json()):
            prefix, found, ulid = text.partition("_")
            if found and len(ulid) == 26:
                self._ids.setdefault(prefix, set()).add(text)
        return answer.json()


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _texts(each)


def _done(operation: Operation, own: Tenant) -> Json:
    """What the operation answers to its own example; None when that is refused, or nothing is said in JSON."""
    seeds = Seeds(own)
    if operation.media == FORM:
        return None
    by = "" if operation.is_open else "admin"
    answer = own.ask(operation.method, seeds.path(operation), by=by, body=seeds.body(operation))
    fine = answer.is_success and answer.content and "json" in answer.headers.get("content-type", "")
    return answer.json() if fine else None


def recorded(home: StackConfig) -> dict[str, Json]:
    """An answer of each operation that could be got to answer in JSON, by the operation's id."""
    demo, own = Demo(home), Tenant(Stack(home))
    names = {
        (path, method.upper()): each["operationId"]
        for path, every in document()["paths"].items()
        for method, each in every.items()
    }
    found: dict[str, Json] = {"log_in": _shown(demo.signed_in, "", own.marker)}
    for operation in sorted(operations(), key=lambda each: (not each.reads, len(each.parameters))):
        name = names[operation.path, operation.method]
        told = demo.told(operation) if operation.reads else None
        whose = Tenant(own.deployment) if operation.permission == AUTHENTICATED and not operation.reads else own
        answer = found.get(name) or told or _done(operation, whose)
        if answer is not None and not operation.path.endswith("openapi.json"):
            found[name] = _shown(answer, "", whose.marker)
            console.print_line(f"{operation}")
    return dict(sorted((found | _alike(found)).items()))


def _alike(found: dict[str, Json]) -> dict[str, Json]:
    """For operations that gave no answer, that of another one which answers with the same thing."""
    shapes = {
        each["operationId"]: answer["content"]["application/json"]["schema"]
        for every in document()["paths"].values()
        for each in every.values()
        for status, answer in each["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
    }
    return {
        name: next(found[other] for other in found if shapes.get(other) == shape)
        for name, shape in shapes.items()
        if name not in found and shape.get("$ref") and any(shapes.get(other) == shape for other in found)
    }


def _shown(value: Json, name: str, marker: str) -> Json:
    """The answer, short, and without what opens anything."""
    if isinstance(value, dict):
        return {each: _shown(inner, each, marker) for each, inner in value.items()}
    if isinstance(value, list):
        shown = value[:_LISTED] if value and isinstance(value[0], dict) else value
        return [_shown(each, name, marker) for each in shown]
    if not isinstance(value, str):
        return value
    text = value.replace(f"@{marker}.example", "@acme.example").replace(f" {marker}", "").replace(marker, "harbor")
    text = re.sub(r"http://localhost:\d+(/_aws/execute-api/coachway/live)?", "https://coachway.example", text)
    if _SECRETS.fullmatch(name) and len(text) > 16:
        return re.sub(r"[^/]{16,}$", "…", text) if text.startswith("https://") else f"{text[:6]}…"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def main() -> int:
    """Record, and write."""
    try:
        answers = recorded(StackConfig.from_environment())
    except console.CommandError as failure:
        print(f"\n✗ {failure.message}\n  → {failure.advice}", file=sys.stderr)
        return 1
    ANSWERS.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(answers)} answers were written to {ANSWERS.name}; now: make generate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
