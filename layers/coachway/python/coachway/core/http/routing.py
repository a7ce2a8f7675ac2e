"""Routes. One declaration gives routing, authentication, permission, parsing, errors and the API's document.

    api = Api("clients", "Clients and their contacts.")

    @api.post("/clients", needs="clients:write", status=201)
    def create_client(caller: Caller, body: ClientInput) -> Client:
        '''Add a client.'''
        return service.create(caller, body)

A view's parameters say what it wants: `caller` (who asks), `body` and `query` (pydantic models), `form` (a pydantic
model of what a page's form posts), `posted` (the bytes and headers, for signatures), `if_match` (the version in
If-Match, or None), and the path's own parameters. Its docstring is the operation's summary and description.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chalice.app import Chalice, Request

from coachway import __version__
from coachway.core import store
from coachway.core.entrypoints import cold_start
from coachway.core.errors import Error
from coachway.core.http import request_handler
from coachway.core.http.response_types import HtmlResponse, Response
from coachway.core.http.route import Route
from coachway.core.problem_details import Problem
from coachway.core.schemas import BaseSchema

BASE: Final = "/api/v1"

PUBLIC: Final = "anyone"
"""No token is needed, and none is looked at."""
AUTHENTICATED: Final = "signed-in"
"""Any valid token; the service decides what is theirs."""

View = TypeVar("View", bound=Callable[..., Any])


class HealthReport(BaseSchema):
    """Whether a capability can do its work."""

    status: str
    service: str
    version: str
    checks: dict[str, str]


@dataclass
class ApiRouter:
    """The routes of one capability; `app` is the Lambda's handler."""

    capability: str
    about: str = ""
    routes: list[Route] = field(default_factory=list)
    health: bool = True
    refusal: Callable[[Problem], HtmlResponse] | None = None
    """The page that tells people of an error, for routes that answer `text/html`."""

    def __post_init__(self) -> None:
        # Named unlike the logger: a Chalice app of the same name would print each line twice.
        self.app = Chalice(app_name=f"chalice-{self.capability}")
        self.app.log.propagate = False
        self.app.api.binary_types = []
        self._with_preflight: set[str] = set()
        cold_start.warm_up()
        if self.health:
            self.get(f"/{self.capability}/health", needs=PUBLIC)(self._health())

    def _health(self) -> Callable[..., Response]:
        def health() -> Response:
            """Whether this capability can do its work."""
            reachable = store.is_reachable()
            report = HealthReport(
                status="healthy" if reachable else "unhealthy",
                service=self.capability,
                version=__version__,
                checks={"table": "ok" if reachable else "unreachable"},
            )
            return Response(report, status=200 if reachable else 503)

        health.__name__ = f"{self.capability}_health"
        health.__annotations__["return"] = HealthReport
        return health

    def get(self, path: str, *, needs: str, **more: Any) -> Callable[[View], View]:
        """Declare a GET."""
        return self._route("GET", path, needs, **more)

    def post(self, path: str, *, needs: str, **more: Any) -> Callable[[View], View]:
        """Declare a POST; it honours Idempotency-Key."""
        return self._route("POST", path, needs, **more)

    def put(self, path: str, *, needs: str, **more: Any) -> Callable[[View], View]:
        """Declare a PUT."""
        return self._route("PUT", path, needs, **more)

    def patch(self, path: str, *, needs: str, **more: Any) -> Callable[[View], View]:
        """Declare a PATCH."""
        return self._route("PATCH", path, needs, **more)

    def delete(self, path: str, *, needs: str, **more: Any) -> Callable[[View], View]:
        """Declare a DELETE; it answers 204."""
        return self._route("DELETE", path, needs, **{"status": 204, **more})

    def _route(
        self,
        method: str,
        path: str,
        needs: str,
        *,
        status: int = 200,
        secret: bool = False,
        errors: tuple[int | type[Error], ...] = (),
        base: str = BASE,
        media: str = "application/json",
        outside: tuple[str, ...] = (),
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            route = Route(
                method=method,
                path=base + path,
                view=view,
                needs=needs,
                status=status,
                tag=self.capability,
                secret=secret,
                errors=errors,
                media=media,
                outside=outside,
                refusal=self.refusal if media == "text/html" else None,
            )
            self.routes.append(route)
            self._serve(route)
            return view

        return declare

    def _serve(self, route: Route) -> None:
        def handle(**path: str) -> Any:
            return request_handler.handle(route, _current(self.app), self.app.lambda_context, path)

        accepted = ["*/*"]  # media types are judged with the body, as problem details
        self.app.route(route.path, methods=[route.method], name=route.name, content_types=accepted)(handle)
        if route.path not in self._with_preflight:
            self._with_preflight.add(route.path)

            def preflight(**_path: str) -> Any:
                return request_handler.preflight(_current(self.app))

            self.app.route(route.path, methods=["OPTIONS"], name=f"{route.name}_options")(preflight)


def _current(app: Chalice) -> Request:
    if app.current_request is None:
        raise RuntimeError("a view ran outside a request")
    return app.current_request
