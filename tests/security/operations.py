"""The operations of the API, from the OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from coachway.core.http.routing import AUTHENTICATED, PUBLIC
from coachway.identity.model.permissions import BUILT_IN_ROLES
from infra.local.stack_config import ROOT

EXTERNAL_ROLES = ("client", "vendor", "driver")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """An operation: a method of a path, and who may use it."""

    method: str
    path: str
    permission: str
    external_roles: tuple[str, ...]
    media_type: str
    example: Any
    query: dict[str, bool]
    """The query parameters, and whether they are required."""
    statuses: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1')}"

    @property
    def is_public(self) -> bool:
        return self.permission == PUBLIC

    @property
    def parameters(self) -> list[str]:
        """The names of its path parameters."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def is_list(self) -> bool:
        """Whether it lists the caller's records."""
        return self.is_read and not self.parameters

    def is_closed_to(self, role: str) -> bool:
        """Whether a built-in role may not use it."""
        if self.permission in {PUBLIC, AUTHENTICATED}:
            return False
        return self.permission not in BUILT_IN_ROLES[role] or (
            role in EXTERNAL_ROLES and role not in self.external_roles
        )


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. `make check` and a unit test compare it with the code."""
    content: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text())
    return content


@cache
def list_operations() -> list[Operation]:
    """All operations, by path."""
    return [
        _operation(method.upper(), path, declared)
        for path, methods in document()["paths"].items()
        for method, declared in methods.items()
    ]


def list_guarded_operations() -> list[Operation]:
    """The operations that require credentials."""
    return [each for each in list_operations() if not each.is_public]


def _operation(method: str, path: str, declared: dict[str, Any]) -> Operation:
    content = declared.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    return Operation(
        method=method,
        path=path,
        permission=declared["x-permission"],
        external_roles=tuple(declared.get("x-external-roles", ())),
        media_type=media_type,
        query={each["name"]: each["required"] for each in declared["parameters"] if each["in"] == "query"},
        example=content.get(media_type, {}).get("example"),
        statuses=frozenset(declared["responses"]),
    )
