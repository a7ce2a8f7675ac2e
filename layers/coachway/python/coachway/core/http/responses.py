"""What goes out: a view's answer, or an error, as a response with the headers that every answer carries."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Request, Response

from coachway.core import errors, problem_details
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.response_types import Response as Answer
from coachway.core.persistence import serialization
from coachway.core.persistence.records import Entity
from coachway.core.runtime import settings

if TYPE_CHECKING:
    from coachway.core.http.route import Route

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Headers = dict[str, str | list[str]]


class _Binary(Response):
    """Bytes go out in base64; Chalice's own way wants an Accept header that browsers do not send."""

    def to_dict(self, _binary_types: list[str] | None = None) -> dict[str, Any]:
        content, self.body = self.body, ""
        result: dict[str, Any] = super().to_dict([])
        return {**result, "body": base64.b64encode(content).decode(), "isBase64Encoded": True}


class ReplayedBody(str):
    """The JSON text of a first answer."""


def build_response(answer: object, route: Route, request: Request) -> Response:
    """What a view returned, as a response."""
    extra = answer if isinstance(answer, Answer) else Answer(answer)
    body, status = extra.body, extra.status or route.status
    headers: Headers = dict(extra.headers)
    if extra.cookies:
        headers["Set-Cookie"] = list(extra.cookies)
    if isinstance(body, HtmlResponse):
        headers |= {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": body.policy, **body.headers}
        return Response(body.text, headers, body.status)
    if isinstance(body, FileResponse):
        place = "inline" if body.inline else "attachment"
        headers |= {"Content-Type": body.content_type, "Content-Disposition": f'{place}; filename="{body.filename}"'}
        if "ETag" in body.headers and request.headers.get("if-none-match") == body.headers["ETag"]:
            return Response("", {**headers, **body.headers}, 304)
        return _Binary(body.content, {**headers, **body.headers}, status)
    if isinstance(body, ReplayedBody):
        return Response("" if status == 204 else str(body), headers | {"Content-Type": "application/json"}, status)
    if status == 204 or (body is None and extra.status is None and route.returns in {None, type(None)}):
        return Response("", headers, 204)
    if isinstance(body, Entity):
        headers.setdefault("ETag", f'"{body.version}"')
        known = request.headers.get("if-none-match") == headers["ETag"]
        if route.method == "GET" and known and body.TOLD_BY_VERSION:
            return Response("", headers, 304)
    return Response(serialization.to_json(body), headers | {"Content-Type": "application/json"}, status)


def error_response(error: errors.Error, route: Route, request: Request, request_id: str) -> Response:
    """An error, as problem details or as the route's page of refusal."""
    path = str(request.context.get("path") or request.path)
    problem = problem_details.problem_of(error, instance=path, request_id=request_id, address=_address(request.context))
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if route.refusal is not None:
        page = route.refusal(problem)
        return build_response(replace(page, status=problem.status, headers={**headers, **page.headers}), route, request)
    headers["Content-Type"] = "application/problem+json"
    return Response(problem.model_dump_json(), {**headers}, problem.status)


def _address(context: Mapping[str, Any]) -> str:
    """Where this deployment is reached. Empty if neither its settings nor the gateway say so, as in a test."""
    host, stage = context.get("domainName"), context.get("stage")
    return settings.own_address() or (f"https://{host}/{stage}" if host and stage else "")


def add_common_headers(response: Response, request: Request, request_id: str, correlation_id: str) -> None:
    """The headers that every answer carries."""
    own = {name.lower() for name in response.headers}
    for name, value in SECURITY_HEADERS.items():
        if name.lower() not in own:
            response.headers[name] = value
    response.headers["X-Request-Id"] = request_id
    response.headers["X-Correlation-Id"] = correlation_id or request_id
    response.headers["Vary"] = "Origin"
    origin = request.headers.get("origin", "")
    if origin and origin in settings.allowed_origins():
        response.headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
            "X-Api-Key, X-Correlation-Id, X-CSRF-Token",
            "Access-Control-Expose-Headers": "ETag, Idempotent-Replayed, Retry-After, X-Correlation-Id, X-Request-Id",
            "Access-Control-Max-Age": "600",
        }
