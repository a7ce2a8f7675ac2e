"""Errors as RFC 9457 problem details. The only module that maps errors to HTTP statuses."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from coachway.core import errors
from coachway.core.types.text import LINE, PARAGRAPH
from coachway.core.types.vehicle_classes import VEHICLE_CLASS_PATTERN

STATUS: Final[Mapping[type[errors.Error], int]] = {
    errors.NotFound: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Malformed: 400,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.RateLimited: 429,
    errors.UpstreamUnavailable: 502,
}
"""A class that is not listed has the status of its nearest listed base class."""


ERROR_PAGE: Final = "/api/v1/docs/errors"
"""Path of the page that explains every code, below the public address of the deployment."""


class ProblemField(BaseModel):
    """One wrong field."""

    model_config = ConfigDict(defer_build=True)

    field: str = Field(description="Dotted path of the field, such as `stops.0.latitude`.")
    message: str = Field(description="What a correct value looks like.")
    code: str = Field(default="invalid", description="Stable name of the error, such as `required`.")


class Problem(BaseModel):
    """An error as `application/problem+json` (RFC 9457). Compare `code`; the texts may change."""

    model_config = ConfigDict(defer_build=True)

    type: str = Field(description="URL of the explanation of `code` in this documentation.")
    code: str = Field(description="Stable name of the error, such as `not_found`. Compare this field.")
    title: str = Field(description="Short text, the same for every error with this code.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong with this request, and what to do.")
    instance: str = Field(description="The path that was requested.")
    request_id: str = Field(description="ID of the request in our logs; also in the header `X-Request-Id`.")
    errors: list[ProblemField] = Field(default_factory=list, description="The wrong fields, if fields are wrong.")


_KEY: Final = "[key]"
"""The last part of pydantic's path if a key of an object is wrong, and not its value."""
_FIELD_NAMES_AND_MESSAGE: Final = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): (.+)$", re.DOTALL)


def get_http_status(kind: type[errors.Error]) -> int:
    """Return the HTTP status of an error class."""
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), 500)


def build_type_url(kind: type[errors.Error], address: str) -> str:
    """Return the URL that explains an error class, for the deployment at `address`."""
    return f"{address}{ERROR_PAGE}#{kind.code}"


def build_problem(error: errors.Error, *, instance: str, request_id: str, address: str = "") -> Problem:
    """Return the response body for `error`. `address` is the public URL of the deployment, without a trailing slash."""
    return Problem(
        type=build_type_url(type(error), address),
        code=error.code,
        title=error.title,
        status=get_http_status(type(error)),
        detail=error.detail or error.title,
        instance=instance,
        request_id=request_id,
        errors=[ProblemField(field=each.field, message=each.message, code=each.code) for each in error.fields],
    )


def validation_error(failure: ValidationError, *, of_body: bool) -> errors.Error:
    """Convert a failed validation: to Malformed if the body is not JSON, otherwise to Invalid with the wrong fields."""
    details: Sequence[ErrorDetails] = failure.errors(include_url=False, include_input=False)
    if of_body and any(detail["type"] == "json_invalid" for detail in details):
        return errors.Malformed(_message(details[0]))
    fields = [field for detail in details[:50] for field in _field_errors(detail)]
    return errors.Invalid("; ".join(f"{each.field}: {each.message}" for each in fields[:3]), fields=fields)


def _field_errors(detail: ErrorDetails) -> list[errors.FieldError]:
    """Return one error for each field concerned. The message of a rule about several fields starts with their names."""
    path = ".".join(str(part) for part in detail["loc"] if part != _KEY)
    message = _message(detail)
    match = _FIELD_NAMES_AND_MESSAGE.match(message) if detail["type"] == "value_error" else None
    if match is None:
        return [errors.FieldError(path or "body", message, _code(detail))]
    prefix = f"{path}." if path else ""
    return [errors.FieldError(prefix + name, match[2]) for name in match[1].split(", ")]


_CODES_AND_MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "bool_parsing": ("invalid_type", "must be true or false"),
    "bool_type": ("invalid_type", "must be true or false"),
    "dict_type": ("invalid_type", "must be an object"),
    "enum": ("invalid_choice", "must be {expected}"),
    "extra_forbidden": ("unknown_field", "unknown field"),
    "float_parsing": ("invalid_type", "must be a number"),
    "float_type": ("invalid_type", "must be a number"),
    "greater_than": ("too_small", "must be greater than {gt}"),
    "greater_than_equal": ("too_small", "must be {ge} or more"),
    "int_from_float": ("invalid_type", "must be a whole number"),
    "int_parsing": ("invalid_type", "must be a whole number"),
    "int_type": ("invalid_type", "must be a whole number"),
    "less_than": ("too_large", "must be less than {lt}"),
    "less_than_equal": ("too_large", "must be {le} or less"),
    "list_type": ("invalid_type", "must be a list"),
    "literal_error": ("invalid_choice", "must be {expected}"),
    "missing": ("required", "is required"),
    "model_type": ("invalid_type", "must be an object"),
    "multiple_of": ("invalid_step", "must be a multiple of {multiple_of}"),
    "string_pattern_mismatch": ("invalid_format", ""),
    "string_too_long": ("too_long", "must have at most {max_length} characters"),
    "string_too_short": ("too_short", "must have at least {min_length} characters"),
    "string_type": ("invalid_type", "must be a string"),
    "timezone_aware": ("invalid_format", "must have a UTC offset, such as 2027-03-03T09:00:00-05:00"),
    "too_long": ("too_long", "must have at most {max_length} items"),
    "too_short": ("too_short", "must have at least {min_length} items"),
}
"""Our code and message for each error type of pydantic."""
_PATTERN_MESSAGES: Final[Mapping[str, str]] = {
    LINE.pattern: "must be one line, without control characters",
    PARAGRAPH.pattern: "must not have control characters",
    VEHICLE_CLASS_PATTERN: "must be a vehicle class, such as party_bus: 1 to 40 letters from a to z, digits, dashes "
    "and underscores, and first a letter or digit",
}


def field_codes() -> list[str]:
    """Return all codes of field errors, sorted."""
    return sorted({code for code, _ in _CODES_AND_MESSAGES.values()} | {"invalid"})


def _code(detail: ErrorDetails) -> str:
    return _CODES_AND_MESSAGES.get(detail["type"], ("invalid", ""))[0]


def _message(detail: Mapping[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _pattern_message(context["pattern"])
    if kind in {"greater_than_equal", "less_than_equal"} and isinstance(
        bound := next(iter(context.values())), date | str
    ):
        return f"must be {bound} or {'later' if 'ge' in context else 'earlier'}"
    if kind == "string_too_short" and context["min_length"] == 1:
        return "must not be empty"
    if kind in _CODES_AND_MESSAGES:
        return _CODES_AND_MESSAGES[kind][1].format_map(context).replace(" 1 items", " 1 item")
    return str(detail["msg"]).removeprefix("Value error, ")


def _pattern_message(pattern: str) -> str:
    prefix, is_id, _ = pattern.removeprefix("^").partition("_[0-7]")
    if is_id:
        return f"must be an id such as {prefix}_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    return _PATTERN_MESSAGES.get(pattern, f"must match {pattern}")
