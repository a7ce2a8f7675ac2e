"""One operation of the API: path, view, permission, and what it answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from coachway.core.errors import Error
from coachway.core.http.response_types import HtmlResponse
from coachway.core.problem_details import Problem


@dataclass(frozen=True)
class Route:
    """All that is known of one operation.

    What its view takes and returns is read at the first request: of a function's many routes, a cold start serves one.
    """

    method: str
    path: str
    view: Callable[..., Any]
    needs: str
    status: int
    tag: str
    secret: bool
    """The answer carries a secret, which an Idempotency-Key record must not show."""
    errors: tuple[int | type[Error], ...]
    """Errors it may raise besides those that follow from the declaration: classes, or statuses not yet converted."""
    media: str = "application/json"
    """Media type of the response; several are separated by a comma and a space."""
    outside: tuple[str, ...] = ()
    """Roles outside the organization that hold the permission for what is theirs."""
    refusal: Callable[[Problem], HtmlResponse] | None = None
    """How a page tells people what went wrong; without it, problem details do."""

    @cached_property
    def takes(self) -> Mapping[str, Any]:
        """The view's parameters by name, with their types."""
        return {name: hint for name, hint in self._hints.items() if name != "return"}

    @property
    def returns(self) -> Any:
        """The type of the view's answer."""
        return self._hints.get("return")

    @cached_property
    def path_types(self) -> Mapping[str, TypeAdapter[Any]]:
        """What checks the values in the path, by parameter."""
        return {name: TypeAdapter(self.takes[name]) for name in re.findall(r"{(\w+)}", self.path)}

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.view, include_extras=True)

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def about(self) -> str:
        return inspect.getdoc(self.view) or self.name.replace("_", " ")
