"""Runs one request through a declared route."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin
from urllib.parse import parse_qsl, unquote

from chalice.app import Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from coachway.core import errors, problem_details, store
from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.http import responses
from coachway.core.http.response_types import FileResponse, HtmlResponse, RawRequest
from coachway.core.http.response_types import Response as Answer
from coachway.core.persistence import serialization
from coachway.core.persistence.idempotency import IdempotencyRecord, IdempotentRequest, ReplayedRequest
from coachway.core.persistence.table import tally
from coachway.core.runtime.logging import logger
from coachway.core.schemas import PartialUpdate, optional_fields_model

if TYPE_CHECKING:
    from coachway.core.http.route import Route

LARGEST_BODY: Final = 1_000_000
"""Bytes of a request's body that are read at all."""

_CORRELATION: Final = re.compile(r"^[A-Za-z0-9_.:-]{1,64}$")
_IDEMPOTENCY: Final = re.compile(r"^[\x21-\x7e]{1,255}$")
_VERSION: Final = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')


def handle(route: Route, request: Request, context: Any, path: Mapping[str, str]) -> Response:
    """Answer one request."""
    started, calls, units = time.perf_counter(), tally.calls, tally.units
    request_id = str(request.context.get("requestId") or getattr(context, "aws_request_id", ""))
    asked = request.headers.get("x-correlation-id", "")
    correlation_id = asked if _CORRELATION.match(asked) else request_id
    identity = request.context.get("identity") or {}
    caller = Caller(
        ip=str(identity.get("sourceIp") or ""),
        agent=request.headers.get("user-agent", "")[:200],
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
        db_calls=tally.calls - calls,
        db_units=tally.units - units,
        org_id=caller.org_id,
        user_id=caller.user_id,
    )
    return response


def preflight(request: Request) -> Response:
    """Answer a browser that asks whether it may."""
    response = Response(body="", status_code=204)
    responses.add_common_headers(response, request, str(request.context.get("requestId", "")), "")
    return response


def _authorize(route: Route, request: Request, caller: Caller) -> Caller:
    if route.needs == "anyone":
        return caller
    caller = authentication.authenticate(route.method, request.headers, caller)
    if not caller.user_id:
        raise errors.Unauthenticated("send Authorization: Bearer <token>, X-Api-Key, or the session cookie")
    if route.needs != "signed-in":
        caller.require(route.needs)
        if caller.is_outside and caller.role not in route.outside:
            raise errors.Forbidden(f"this is not open to a {caller.role}")
    return caller


def _invoke_view(route: Route, request: Request, caller: Caller, path: Mapping[str, str]) -> object:
    raw = _body(request) if route.method == "POST" or not route.takes.keys().isdisjoint(("body", "form")) else b""
    arguments: dict[str, Any] = {name: _path_value(route.path_types[name], value) for name, value in path.items()}
    attempt = _idempotency_attempt(route, request, caller, raw)
    if attempt is not None:
        caller = replace(caller, attempt=attempt)
    if "caller" in route.takes:
        arguments["caller"] = caller
    if "query" in route.takes:
        arguments["query"] = _query(route.takes["query"], request.query_params)
    if "body" in route.takes:
        arguments["body"] = _parsed(route.takes["body"], raw, request.headers)
    if "posted" in route.takes:
        arguments["posted"] = RawRequest(raw, {name.lower(): value for name, value in request.headers.items()})
    if "form" in route.takes:
        arguments["form"] = _form(route.takes["form"], raw, request.headers)
    if "if_match" in route.takes:
        arguments["if_match"] = _if_match(request.headers)
    if attempt is None:
        return route.view(**arguments)
    return _invoke_idempotent(route, attempt, arguments)


def _invoke_idempotent(route: Route, attempt: IdempotentRequest, arguments: dict[str, Any]) -> object:
    """Run a view that may have been run before with the same Idempotency-Key, giving the first answer again."""
    try:
        answer = route.view(**arguments)
    except ReplayedRequest as known:
        return _replayed_response(attempt, known)
    except errors.Error:
        first = store.find(IdempotencyRecord, attempt.location())
        if first is None:
            raise
        return _replayed_response(attempt, ReplayedRequest(first))
    body = answer.body if isinstance(answer, Answer) else answer
    if not isinstance(body, HtmlResponse | FileResponse):
        text = serialization.to_json(body)
        if attempt.recorded != text:
            first = store.save_idempotency_record(attempt.record(text), anew=attempt.recorded is None)
            if first is not None:
                return _replayed_response(attempt, ReplayedRequest(first))
    return answer


def _replayed_response(attempt: IdempotentRequest, known: ReplayedRequest) -> Answer:
    text = attempt.answer_of(known.first)
    if text is None:
        raise errors.Invalid.field("Idempotency-Key", "was used before with another body")
    return Answer(responses.ReplayedBody(text), status=known.first.status, headers={"Idempotent-Replayed": "true"})


def _body(request: Request) -> bytes:
    raw = request.raw_body or b""
    if isinstance(raw, str):
        raw = raw.encode()
    if len(raw) > LARGEST_BODY:
        raise errors.TooLarge(f"a body may have at most {LARGEST_BODY:,} bytes")
    return raw


def _idempotency_attempt(route: Route, request: Request, caller: Caller, raw: bytes) -> IdempotentRequest | None:
    key = request.headers.get("idempotency-key")
    if key is None or route.method != "POST" or "form" in route.takes:
        return None
    if not _IDEMPOTENCY.match(key):
        raise errors.Invalid.field("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    target = f"{route.method} {request.context.get('path') or route.path}"
    scope = caller.user_id or f"ip:{caller.ip}"
    return IdempotentRequest(scope, caller.org_id, target, key, raw, route.status, route.secret)


def _parsed(model: Any, raw: bytes, headers: Mapping[str, str]) -> Any:
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if raw and kind != "application/json" and not kind.endswith("+json"):
        raise errors.UnsupportedMediaType(f"send Content-Type: application/json, not {kind[:60]}")
    try:
        if get_origin(model) is PartialUpdate:
            given = optional_fields_model(get_args(model)[0]).model_validate_json(raw or b"{}", strict=True)
            return PartialUpdate({name: getattr(given, name) for name in given.model_fields_set})
        return model.model_validate_json(raw or b"{}", strict=True)
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=True) from None


def _form(model: type[BaseModel], raw: bytes, headers: Mapping[str, str]) -> BaseModel:
    """What a page's form posted. A field that is sent twice counts as sent last."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise errors.UnsupportedMediaType("send Content-Type: application/x-www-form-urlencoded")
    try:
        sent = dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:  # not UTF-8, or too many fields
        raise errors.Malformed("send at most 100 fields, encoded as UTF-8") from None
    try:
        return model.model_validate_strings(sent)
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=False) from None


def _query(model: type[BaseModel], params: Mapping[str, str] | None) -> BaseModel:
    try:
        return model.model_validate_strings(dict(params or {}))
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=False) from None


def _path_value(kind: TypeAdapter[Any], value: str) -> Any:
    try:
        return kind.validate_python(unquote(value))
    except ValidationError:
        raise errors.NotFound("there is nothing at this address") from None


def _if_match(headers: Mapping[str, str]) -> int | None:
    text = headers.get("if-match", "*").strip()
    if text == "*":
        return None
    match = _VERSION.match(text)
    if match is None:
        raise errors.Malformed('If-Match must be the ETag of an earlier answer, such as "3"')
    return int(match.group(1))
