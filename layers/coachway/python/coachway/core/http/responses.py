"""Builds HTTP responses: from what a view returned, or from an error."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Request
from chalice.app import Response as ChaliceResponse

from coachway.core import errors, problem_details
from coachway.core.http.response_types import FileResponse, HtmlResponse, Response
from coachway.core.persistence.records import Entity
from coachway.core.persistence.responses import response_json
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


class _BinaryResponse(ChaliceResponse):
    """Bytes, encoded in base64. Chalice itself does so only for an Accept header that browsers do not send."""

    def to_dict(self, _binary_types: list[str] | None = None) -> dict[str, Any]:
        content, self.body = self.body, ""
        result: dict[str, Any] = super().to_dict([])
        return {**result, "body": base64.b64encode(content).decode(), "isBase64Encoded": True}


class ReplayedBody(str):
    """The JSON text of the first response to an Idempotency-Key."""


def build_response(result: object, route: "Route", request: Request) -> ChaliceResponse:
    """The response for what a view returned."""
    response = result if isinstance(result, Response) else Response(result)
    body, status = response.body, response.status or route.status
    headers: Headers = dict(response.headers)
    if response.cookies:
        headers["Set-Cookie"] = list(response.cookies)
    if isinstance(body, HtmlResponse):
        headers |= {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": body.policy, **body.headers}
        return ChaliceResponse(body.text, headers, body.status)
    if isinstance(body, FileResponse):
        return _file_response(body, headers, status, request)
    if isinstance(body, ReplayedBody):
        return _replayed_response(body, headers, status, route)
    returns_nothing = route.response_type in {None, type(None)}
    if status == 204 or (body is None and response.status is None and returns_nothing):
        return ChaliceResponse("", headers, 204)
    if isinstance(body, Entity):
        headers.setdefault("ETag", f'"{body.version}"')
        is_unchanged = request.headers.get("if-none-match") == headers["ETag"]
        if route.method == "GET" and is_unchanged and body.ETAG_IS_VERSION:
            return ChaliceResponse("", headers, 304)
    return ChaliceResponse(response_json.to_json(body), headers | {"Content-Type": "application/json"}, status)


def _file_response(file: FileResponse, headers: Headers, status: int, request: Request) -> ChaliceResponse:
    disposition = "inline" if file.inline else "attachment"
    headers |= {"Content-Type": file.content_type, "Content-Disposition": f'{disposition}; filename="{file.filename}"'}
    headers |= file.headers
    if "ETag" in file.headers and request.headers.get("if-none-match") == file.headers["ETag"]:
        return ChaliceResponse("", headers, 304)
    return _BinaryResponse(file.content, headers, status)


def _replayed_response(body: ReplayedBody, headers: Headers, status: int, route: "Route") -> ChaliceResponse:
    if status == 204:
        return ChaliceResponse("", headers, status)
    if route.returns_entity:
        headers["ETag"] = f'"{json.loads(body)["version"]}"'
    return ChaliceResponse(str(body), headers | {"Content-Type": "application/json"}, status)


def error_response(error: errors.Error, route: "Route", request: Request, request_id: str) -> ChaliceResponse:
    """An error as problem details, or as the HTML page of the route."""
    path = str(request.context.get("path") or request.path)
    problem = problem_details.build_problem(
        error, instance=path, request_id=request_id, address=_get_public_url(request.context)
    )
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if route.error_page is not None:
        page = route.error_page(problem)
        return build_response(replace(page, status=problem.status, headers={**headers, **page.headers}), route, request)
    headers["Content-Type"] = "application/problem+json"
    return ChaliceResponse(problem.model_dump_json(), {**headers}, problem.status)


def _get_public_url(context: Mapping[str, Any]) -> str:
    """The public address of the deployment. Empty if neither the settings nor the gateway know it, as in a test."""
    host, stage = context.get("domainName"), context.get("stage")
    return settings.configured_public_url() or (f"https://{host}/{stage}" if host and stage else "")


def add_common_headers(response: ChaliceResponse, request: Request, request_id: str, correlation_id: str) -> None:
    """Add the headers that every response has."""
    present = {name.lower() for name in response.headers}
    for name, value in SECURITY_HEADERS.items():
        if name.lower() not in present:
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
            "Access-Control-Expose-Headers": "ETag, Idempotent-Replayed, Retry-After, X-Correlation-Id, "
            "X-Missing-Characters, X-Request-Id",
            "Access-Control-Max-Age": "600",
        }
