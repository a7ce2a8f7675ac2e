"""Every operation of the API, as the document generated from the code declares it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from coachway.core.http.routing import AUTHENTICATED, PUBLIC
from coachway.identity.model.permissions import BUILT_IN
from tools import openapi
from tools.entries import import_everything, list_api_entries

OUTSIDE = ("client", "vendor", "driver")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """One method of one path, and who may use it."""

    method: str
    path: str
    permission: str
    external_roles: tuple[str, ...]
    media: str
    example: Any
    query: dict[str, bool]
    """The parameters of its query, and whether it cannot do without."""
    statuses: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1')}"

    @property
    def is_open(self) -> bool:
        return self.permission == PUBLIC

    @property
    def parameters(self) -> list[str]:
        """The names in its path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    @property
    def lists(self) -> bool:
        """Whether it answers with whatever is the caller's, without being told which."""
        return self.reads and not self.parameters

    def is_closed_to(self, role: str) -> bool:
        """Whether the declaration keeps a built-in role out."""
        if self.permission in {PUBLIC, AUTHENTICATED}:
            return False
        return self.permission not in BUILT_IN[role] or (role in OUTSIDE and role not in self.external_roles)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as the code would generate it now."""
    import_everything()
    return openapi.build_document(list_api_entries())


@cache
def operations() -> list[Operation]:
    """All of them, by path."""
    return [
        _operation(method.upper(), path, declared)
        for path, methods in document()["paths"].items()
        for method, declared in methods.items()
    ]


def guarded() -> list[Operation]:
    """Those that want credentials."""
    return [each for each in operations() if not each.is_open]


def _operation(method: str, path: str, declared: dict[str, Any]) -> Operation:
    content = declared.get("requestBody", {}).get("content", {})
    media = next(iter(content), "")
    return Operation(
        method=method,
        path=path,
        permission=declared["x-permission"],
        external_roles=tuple(declared.get("x-external-roles", ())),
        media=media,
        query={each["name"]: each["required"] for each in declared["parameters"] if each["in"] == "query"},
        example=content.get(media, {}).get("example"),
        statuses=frozenset(declared["responses"]),
    )
