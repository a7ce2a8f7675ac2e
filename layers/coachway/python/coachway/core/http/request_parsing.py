"""Parses a request into the arguments of a view: path, query, body, form and If-Match."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin
from urllib.parse import parse_qsl, unquote

from chalice.app import MultiDict, Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from coachway.core import errors, problem_details
from coachway.core.http.response_types import RawRequest
from coachway.core.schemas import PartialUpdate, optional_fields_model

if TYPE_CHECKING:
    from coachway.core.http.route import Route

LARGEST_BODY: Final = 1_000_000
"""Maximum size of a request body, in bytes."""

_VERSION: Final = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')


def read_body(request: Request) -> bytes:
    """The bytes of the request body."""
    body = request.raw_body or b""
    if isinstance(body, str):
        body = body.encode()
    if len(body) > LARGEST_BODY:
        raise errors.TooLarge(f"The body must have at most {LARGEST_BODY:,} bytes.")
    return body


def parse_arguments(route: "Route", request: Request, body: bytes, path: Mapping[str, str]) -> dict[str, Any]:
    """The view's arguments, all but `caller`. Raises an error for input that the route does not take."""
    parameters = route.parameters
    arguments: dict[str, Any] = {name: _parse_path(route.path_types[name], value) for name, value in path.items()}
    if "query" in parameters:
        arguments["query"] = _parse_query(parameters["query"], request.query_params)
    elif route.is_strict and request.query_params:
        _refuse_query(request.query_params)
    if "body" in parameters:
        arguments["body"] = _parse_body(parameters["body"], body, request.headers)
    elif route.is_strict and not route.has_body and body.strip() not in {b"", b"{}"}:
        raise errors.UnexpectedBody("This operation takes no body. Send none, or {}.")
    if "raw_request" in parameters:
        arguments["raw_request"] = RawRequest(body, {name.lower(): value for name, value in request.headers.items()})
    if "form" in parameters:
        arguments["form"] = _parse_form(parameters["form"], body, request.headers)
    if "if_match" in parameters:
        arguments["if_match"] = _parse_if_match(request.headers)
    return arguments


def _parse_path(kind: TypeAdapter[Any], value: str) -> Any:
    try:
        return kind.validate_python(unquote(value))
    except ValidationError:
        raise errors.NotFound("There is no operation at this path.") from None


def _parse_query(model: type[BaseModel], query: MultiDict | None) -> BaseModel:
    values: Mapping[str, list[str]] = {name: query.getlist(name) for name in query} if query else {}
    repeated = [name for name, texts in values.items() if len(texts) > 1]
    if repeated:
        fields = [errors.FieldError(name, "must not be repeated", "repeated") for name in repeated]
        raise errors.Invalid(f"{repeated[0]}: must not be repeated", fields=fields)
    try:
        return model.model_validate_strings({name: texts[0] for name, texts in values.items()})
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=False) from None


def _refuse_query(query: MultiDict) -> None:
    fields = [errors.FieldError(name, "unknown field", "unknown_field") for name in query]
    raise errors.Invalid(f"{fields[0].field}: this operation takes no query parameters", fields=fields[:50])


def _parse_body(model: Any, body: bytes, headers: Mapping[str, str]) -> Any:
    media = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if body and media != "application/json" and not media.endswith("+json"):
        raise errors.UnsupportedMediaType(f"Send Content-Type: application/json, not {media[:60]}.")
    try:
        if get_origin(model) is PartialUpdate:
            values = optional_fields_model(get_args(model)[0]).model_validate_json(body or b"{}", strict=True)
            return PartialUpdate({name: getattr(values, name) for name in values.model_fields_set})
        return model.model_validate_json(body or b"{}", strict=True)
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=True) from None


def _parse_form(model: type[BaseModel], body: bytes, headers: Mapping[str, str]) -> BaseModel:
    """The fields of a page's form. The last value of a repeated field counts."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise errors.UnsupportedMediaType("Send Content-Type: application/x-www-form-urlencoded.")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:  # not UTF-8, or too many fields
        raise errors.Malformed("Send at most 100 fields, encoded as UTF-8.") from None
    try:
        return model.model_validate_strings(fields)
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=False) from None


def _parse_if_match(headers: Mapping[str, str]) -> int | None:
    text = headers.get("if-match", "*").strip()
    if text == "*":
        return None
    match = _VERSION.match(text)
    if match is None:
        raise errors.Malformed('If-Match must be the ETag of an earlier response, such as "3"')
    return int(match.group(1))
