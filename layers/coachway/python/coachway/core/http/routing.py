"""Declares routes. One declaration gives routing, authentication, permission, parsing, errors and OpenAPI.

    api = ApiRouter("clients", "Clients and their contacts.")

    @api.post("/clients", permission="clients:write", status=201)
    def create_client(caller: Caller, body: ClientInput) -> Client:
        '''Create a client.'''
        return service.create_client(caller, body)

The view's parameters say what it takes: `caller`, `body` and `query` (pydantic models), `form` (a pydantic model of an
HTML form), `raw_request` (bytes and headers, to verify a signature), `if_match` (the version in If-Match, or None), and
the path parameters. The view's docstring is the summary and description of the operation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chalice.app import Chalice, Request

from coachway import __version__
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.errors import Error
from coachway.core.http import request_handler
from coachway.core.http.response_types import HtmlResponse, Response
from coachway.core.http.route import Route
from coachway.core.problem_details import Problem
from coachway.core.schemas import BaseSchema

BASE: Final = "/api/v1"

PUBLIC: Final = "anyone"
"""No token is required, and none is read."""
AUTHENTICATED: Final = "signed-in"
"""Any valid token; the service restricts the caller to their own data."""

View = TypeVar("View", bound=Callable[..., Any])


class HealthReport(BaseSchema):
    """The health of a service."""

    status: str
    service: str
    version: str
    checks: dict[str, str]


@dataclass
class ApiRouter:
    """The routes of one capability; `app` is the Lambda handler."""

    capability: str
    description: str = ""
    routes: list[Route] = field(default_factory=list)
    health: bool = True
    error_page: Callable[[Problem], HtmlResponse] | None = None
    """Renders errors of routes that return `text/html`."""
    refresh_caller: Callable[[Caller], Caller] | None = None
    """Reads the caller's rights again, for routes that grant lasting rights."""

    def __post_init__(self) -> None:
        # The name differs from the logger's. With the same name, Chalice would print each line twice.
        self.app = Chalice(app_name=f"chalice-{self.capability}")
        self.app.log.propagate = False
        self.app.api.binary_types = []
        self._paths_with_preflight: set[str] = set()
        cold_start.warm_up()
        if self.health:
            self.get(f"/{self.capability}/health", permission=PUBLIC)(self._health_view())

    def _health_view(self) -> Callable[..., Response]:
        def view() -> Response:
            """Check the health of this service.

            Returns 503 if the database is unreachable.
            """
            is_reachable = store.is_reachable()
            report = HealthReport(
                status="healthy" if is_reachable else "unhealthy",
                service=self.capability,
                version=__version__,
                checks={"table": "ok" if is_reachable else "unreachable"},
            )
            return Response(report, status=200 if is_reachable else 503)

        view.__name__ = f"check_{self.capability}_health"
        view.__annotations__["return"] = HealthReport
        return view

    def get(self, path: str, *, permission: str, **options: Any) -> Callable[[View], View]:
        """Declare a GET."""
        return self._route("GET", path, permission, **options)

    def post(self, path: str, *, permission: str, **options: Any) -> Callable[[View], View]:
        """Declare a POST, which supports Idempotency-Key."""
        return self._route("POST", path, permission, **options)

    def put(self, path: str, *, permission: str, **options: Any) -> Callable[[View], View]:
        """Declare a PUT."""
        return self._route("PUT", path, permission, **options)

    def patch(self, path: str, *, permission: str, **options: Any) -> Callable[[View], View]:
        """Declare a PATCH."""
        return self._route("PATCH", path, permission, **options)

    def delete(self, path: str, *, permission: str, **options: Any) -> Callable[[View], View]:
        """Declare a DELETE, which returns 204."""
        return self._route("DELETE", path, permission, **{"status": 204, **options})

    def _route(
        self,
        method: str,
        path: str,
        permission: str,
        *,
        status: int = 200,
        other_status: int | None = None,
        errors: tuple[type[Error], ...] = (),
        base: str = BASE,
        media: str = "application/json",
        external_roles: tuple[str, ...] = (),
        grants_rights: bool = False,
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            route = Route(
                method=method,
                path=base + path,
                view=view,
                permission=permission,
                status=status,
                tag=self.capability,
                errors=errors,
                media=media,
                other_status=other_status,
                external_roles=external_roles,
                refresh_caller=self.refresh_caller if grants_rights else None,
                error_page=self.error_page if media == "text/html" else None,
            )
            self.routes.append(route)
            self._register(route)
            return view

        return declare

    def _register(self, route: Route) -> None:
        def handle(**path: str) -> Any:
            return request_handler.handle(route, _current_request(self.app), self.app.lambda_context, path)

        accepted = ["*/*"]  # the request handler checks media types, so that the error is problem details
        self.app.route(route.path, methods=[route.method], name=route.name, content_types=accepted)(handle)
        if route.path not in self._paths_with_preflight:
            self._paths_with_preflight.add(route.path)

            def preflight(**_path: str) -> Any:
                return request_handler.handle_preflight(_current_request(self.app))

            self.app.route(route.path, methods=["OPTIONS"], name=f"{route.name}_options")(preflight)


def _current_request(app: Chalice) -> Request:
    if app.current_request is None:
        raise RuntimeError("a view ran outside a request")
    return app.current_request
