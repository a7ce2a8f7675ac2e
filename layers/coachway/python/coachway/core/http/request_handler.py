"""Handles one request of a declared route: authorize, parse, call the view, build the response."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from chalice.app import Request
from chalice.app import Response as ChaliceResponse

from coachway.core import errors, store
from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.http import request_parsing, responses
from coachway.core.http.response_types import FileResponse, HtmlResponse, Response
from coachway.core.persistence.responses import response_json
from coachway.core.persistence.responses.idempotency import (
    IdempotencyRecord,
    IdempotentRequest,
    ReplayedRequest,
    format_response,
    parse_response,
)
from coachway.core.persistence.rights import RightsChanged
from coachway.core.persistence.table import call_stats
from coachway.core.runtime.logging import logger

if TYPE_CHECKING:
    from coachway.core.http.route import Route

_MAX_RIGHTS_CHANGES: Final = 4
_CORRELATION_ID: Final = re.compile(r"^[A-Za-z0-9_.:-]{1,64}$")
_IDEMPOTENCY_KEY: Final = re.compile(r"^[\x21-\x7e]{1,255}$")


def handle(route: "Route", request: Request, context: Any, path: Mapping[str, str]) -> ChaliceResponse:
    """Respond to one request."""
    started, calls, units = time.perf_counter(), call_stats.calls, call_stats.units
    request_id = str(request.context.get("requestId") or getattr(context, "aws_request_id", ""))
    requested_id = request.headers.get("x-correlation-id", "")
    correlation_id = requested_id if _CORRELATION_ID.fullmatch(requested_id) else request_id
    identity = request.context.get("identity") or {}
    caller = Caller(
        ip=str(identity.get("sourceIp") or ""),
        user_agent=request.headers.get("user-agent", "")[:200],
        correlation_id=correlation_id,
    )
    logger.append_keys(correlation_id=correlation_id, request_id=request_id)
    try:
        caller = _authorize(route, request, caller)
        response = responses.build_response(_invoke_view(route, request, caller, path), route, request)
    except errors.Error as error:
        response = responses.error_response(error, route, request, request_id)
    except Exception:  # the last resort: log the trace, answer a 500 that reveals nothing
        logger.exception("unhandled exception", route=route.path)
        failure = errors.Error("The error was logged. Tell us the request_id.")
        response = responses.error_response(failure, route, request, request_id)
    responses.add_common_headers(response, request, request_id, correlation_id)
    logger.info(
        "request",
        method=route.method,
        route=route.path,
        status=response.status_code,
        ms=round((time.perf_counter() - started) * 1000, 2),
        db_calls=call_stats.calls - calls,
        db_units=call_stats.units - units,
        org_id=caller.org_id,
        user_id=caller.user_id,
    )
    return response


def handle_preflight(request: Request) -> ChaliceResponse:
    """Respond to a CORS preflight request."""
    response = ChaliceResponse(body="", status_code=204)
    responses.add_common_headers(response, request, str(request.context.get("requestId", "")), "")
    return response


def _authorize(route: "Route", request: Request, caller: Caller) -> Caller:
    if route.permission == "anyone":
        return caller
    caller = authentication.authenticate(route.method, request.headers, caller)
    if not caller.user_id:
        raise errors.Unauthenticated("Send Authorization: Bearer <token>, X-Api-Key, or the session cookie.")
    _require_permission(route, caller)
    return _refresh_caller(route, caller)


def _refresh_caller(route: "Route", caller: Caller) -> Caller:
    """Return the caller with the rights that they have now, if the route grants lasting rights."""
    if route.refresh_caller is None:
        return caller
    caller = route.refresh_caller(caller)
    _require_permission(route, caller)
    return caller


def _require_permission(route: "Route", caller: Caller) -> None:
    if route.permission == "signed-in":
        return
    caller.require(route.permission)
    if caller.is_external and caller.role not in route.external_roles:
        raise errors.Forbidden(f"This operation is not available to the role {caller.role}.")


def _invoke_view(route: "Route", request: Request, caller: Caller, path: Mapping[str, str]) -> object:
    body = request_parsing.read_body(request)
    idempotency = _idempotent_request(route, request, caller, body)
    if idempotency is not None:
        caller = replace(caller, idempotency=idempotency)
    arguments = request_parsing.parse_arguments(route, request, body, path)
    if "caller" in route.parameters:
        arguments["caller"] = caller
    if idempotency is None:
        return _call_view(route, arguments)
    return _invoke_idempotent(route, idempotency, arguments)


def _call_view(route: "Route", arguments: dict[str, Any]) -> object:
    """Call a view. If the caller's rights change in the meantime, read them again and repeat the call."""
    for _ in range(_MAX_RIGHTS_CHANGES):
        try:
            return route.view(**arguments)
        except RightsChanged:
            arguments["caller"] = _refresh_caller(route, arguments["caller"])
    return route.view(**arguments)


def _invoke_idempotent(route: "Route", idempotency: IdempotentRequest, arguments: dict[str, Any]) -> object:
    """Call a view whose Idempotency-Key may have been used before; if so, return the first response again."""
    try:
        result = _call_view(route, arguments)
    except ReplayedRequest as replayed:
        return _replayed_response(idempotency, replayed.first)
    except errors.Error:
        first = store.find(IdempotencyRecord, idempotency.location())
        if first is None:
            raise
        return _replayed_response(idempotency, first)
    response = result if isinstance(result, Response) else Response(result)
    if not isinstance(response.body, HtmlResponse | FileResponse):
        text = format_response(response_json.to_json(response.body), response.cookies)
        if idempotency.recorded != text:
            first = store.save_idempotency_record(idempotency.record(text), only_if_absent=idempotency.recorded is None)
            if first is not None:
                return _replayed_response(idempotency, first)
    return result


def _replayed_response(idempotency: IdempotentRequest, first: IdempotencyRecord) -> Response:
    text = idempotency.read_response(first)
    if text is None:
        raise errors.Invalid.field("Idempotency-Key", "was used before with another body or query", "already_used")
    stored, headers = parse_response(text), {"Idempotent-Replayed": "true"}
    return Response(responses.ReplayedBody(stored.body), status=first.status, headers=headers, cookies=stored.cookies)


def _idempotent_request(route: "Route", request: Request, caller: Caller, body: bytes) -> IdempotentRequest | None:
    key = request.headers.get("idempotency-key")
    if key is None or not route.is_idempotent:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise errors.Invalid.field("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    target = f"{route.method} {request.context.get('path') or route.path}"
    scope = caller.user_id or f"ip:{caller.ip}"
    credentials = b"" if caller.user_id else authentication.read_credentials(request.headers)
    if request.query_params:
        pairs = [(name, request.query_params.getlist(name)) for name in sorted(request.query_params)]
        body += b"?" + urlencode(pairs, doseq=True).encode()
    return IdempotentRequest(scope, caller.org_id, target, key, body, route.status, credentials=credentials)
