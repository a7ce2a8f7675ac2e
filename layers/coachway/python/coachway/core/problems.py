"""Errors as RFC 9457 problem details. The one place where an error's kind becomes an HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from coachway.core import errors

STATUS: Final[Mapping[type[errors.Error], int]] = {
    errors.Missing: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Malformed: 400,
    errors.TooLarge: 413,
    errors.NotJson: 415,
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooMany: 429,
    errors.Upstream: 502,
}
"""A kind that is not listed has the status of its nearest listed ancestor."""


class Problem(BaseModel):
    """`application/problem+json`."""

    model_config = ConfigDict(defer_build=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemField] = Field(default_factory=list)


class ProblemField(BaseModel):
    """One field that is wrong: its dotted path, and what would be accepted."""

    model_config = ConfigDict(defer_build=True)

    field: str
    message: str


_NAMED: Final = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): (.+)$", re.DOTALL)


def status_of(error: errors.Error) -> int:
    """The HTTP status of an error."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def problem_of(error: errors.Error, *, instance: str, request_id: str) -> Problem:
    """The body that tells a caller of `error`."""
    return Problem(
        title=error.title,
        status=status_of(error),
        detail=error.detail or error.title,
        instance=instance,
        request_id=request_id,
        errors=[ProblemField(field=field, message=message) for field, message in error.fields],
    )


def refusal_of(failure: ValidationError, *, of_body: bool) -> errors.Error:
    """What pydantic found wrong, as an error: Malformed for what is no JSON at all, Invalid for wrong fields."""
    found: Sequence[ErrorDetails] = failure.errors(include_url=False, include_input=False)
    if of_body and any(each["type"] == "json_invalid" for each in found):
        return errors.Malformed(_message(found[0]))
    fields = [field for each in found[:50] for field in _fields(each)]
    detail = "; ".join(f"{field}: {message}" for field, message in fields[:3])
    return errors.Invalid(detail, fields=fields)


def _fields(found: ErrorDetails) -> list[errors.FieldError]:
    """One for each field concerned: a rule about several names them first, `valid_until: is not before valid_from`."""
    place, message = ".".join(map(str, found["loc"])), _message(found)
    named = _NAMED.match(message) if found["type"] == "value_error" else None
    if named is None:
        return [errors.FieldError(place or "body", message)]
    prefix = f"{place}." if place else ""
    return [errors.FieldError(prefix + name, named[2]) for name in named[1].split(", ")]


_WORDS: Final[Mapping[str, str]] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "enum": "must be {expected}",
    "extra_forbidden": "there is no such field",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "must be given",
    "model_type": "must be an object",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be text",
    "timezone_aware": "must have its offset, such as 2027-03-03T09:00:00-05:00",
    "too_long": "may have at most {max_length}",
    "too_short": "must have at least {min_length}",
}
"""What would be accepted, by pydantic's name for what is wrong."""
_PATTERNS: Final[Mapping[str, str]] = {
    r"^[^\x00-\x1f]*$": "must be one line, without control characters",
    r"^[^\x00]*$": "must not have the character NUL in it",
}


def _message(found: Mapping[str, Any]) -> str:
    kind, given = found["type"], found.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _of_pattern(given["pattern"])
    if kind in {"greater_than_equal", "less_than_equal"} and isinstance(
        bound := next(iter(given.values())), date | str
    ):
        return f"must be {bound} or {'later' if 'ge' in given else 'earlier'}"
    if kind == "string_too_short" and given["min_length"] == 1:
        return "must not be empty"
    if kind in _WORDS:
        return _WORDS[kind].format_map(given)
    return str(found["msg"]).removeprefix("Value error, ")


def _of_pattern(pattern: str) -> str:
    prefix, is_id, _ = pattern.removeprefix("^").partition("_[0-7]")
    if is_id:
        return f"must be an id such as {prefix}_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    return _PATTERNS.get(pattern, f"must match {pattern}")
