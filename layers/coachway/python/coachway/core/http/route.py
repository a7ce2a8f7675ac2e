"""One operation of the API: path, view, permission, and what it returns."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from coachway.core.caller import Caller
from coachway.core.errors import Error
from coachway.core.http.response_types import HtmlResponse
from coachway.core.persistence.records import Entity
from coachway.core.problem_details import Problem


@dataclass(frozen=True)
class Route:
    """The declaration of one operation.

    The view's signature is read at the first request: a function has many routes, and a cold start serves only one.
    """

    method: str
    path: str
    view: Callable[..., Any]
    permission: str
    status: int
    tag: str
    errors: tuple[type[Error], ...]
    """Errors that it can raise besides those that follow from the declaration."""
    media: str = "application/json"
    """Media type of the response; several are separated by a comma and a space."""
    other_status: int | None = None
    """Another status of a successful response, which the view sets, such as 200 if there was nothing to create."""
    external_roles: tuple[str, ...] = ()
    """Roles outside the organization that have the permission for their own data."""
    refresh_caller: Callable[[Caller], Caller] | None = None
    """Reads the caller's rights again. None unless the operation grants lasting rights."""
    error_page: Callable[[Problem], HtmlResponse] | None = None
    """Renders errors as an HTML page instead of problem details."""

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The view's parameters by name, with their types."""
        return {name: hint for name, hint in self._hints.items() if name != "return"}

    @property
    def response_type(self) -> Any:
        """The type that the view returns."""
        return self._hints.get("return")

    @property
    def returns_entity(self) -> bool:
        """Whether the response is a single entity, which has an ETag."""
        return isinstance(self.response_type, type) and issubclass(self.response_type, Entity)

    @property
    def is_idempotent(self) -> bool:
        """Whether the operation takes an Idempotency-Key. Pages and webhooks do not."""
        return self.method == "POST" and self.media != "text/html" and "raw_request" not in self.parameters

    @property
    def has_body(self) -> bool:
        """Whether the operation takes a body."""
        return not self.parameters.keys().isdisjoint(("body", "form", "raw_request"))

    @property
    def is_strict(self) -> bool:
        """Whether unknown input returns an error: not on pages and files, whose links get parameters from elsewhere."""
        return self.media == "application/json"

    @cached_property
    def path_types(self) -> Mapping[str, TypeAdapter[Any]]:
        """Validators of the path parameters, by name."""
        return {name: TypeAdapter(self.parameters[name]) for name in re.findall(r"{(\w+)}", self.path)}

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.view, include_extras=True)

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def description(self) -> str:
        return inspect.getdoc(self.view) or self.name.replace("_", " ")
