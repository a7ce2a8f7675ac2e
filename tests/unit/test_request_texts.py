"""Every text of a request has a type that refuses control characters, and texts that show nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from coachway.core.types.text import Note, Text

Json = dict[str, Any]

OPENAPI: Final[Json] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
PEOPLE_WRITE: Final = {TypeAdapter(kind).json_schema()["pattern"] for kind in (Text, Note)}
OTHER_CHARACTERS: Final = re.compile(r"\\[wWsSdD]|\[\^|(?<!\\)\.(?![^\[]*\])")
"""Parts of a pattern that match more than the characters they name."""
VERIFIED: Final = {
    "password": "only its digest is stored",
    "new_password": "only its digest is stored",
    "current_password": "compared with a digest",
    "token": "a signature",
    "mfa_token": "a signature",
    "refresh_token": "a signature",
    "cursor": "decoded, and bound to the query",
    "organization": "looked up",
    "email": "looked up, in its normalized form",
    "q": "looked up, in its normalized form",
    "recipient": "looked up, in its normalized form",
    "timezone": "one of a list",
    "recurrence_rule": "parsed",
}
"""Fields whose text is compared or parsed. It is not stored as it was sent."""


def _fields(schema: Json, name: str, visited: set[str]) -> Iterator[tuple[str, Json]]:
    """The fields of a schema that take a string, with their names."""
    if "$ref" in schema:
        model = schema["$ref"].rpartition("/")[2]
        if model not in visited:
            visited.add(model)
            yield from _fields(OPENAPI["components"]["schemas"][model], model, visited)
        return
    for part in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        yield from _fields(part, name, visited)
    for field, part in schema.get("properties", {}).items():
        yield from _fields(part, f"{name.partition('.')[0]}.{field}", visited)
    for part in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from _fields(part, name, visited)
    if schema.get("type") == "string":
        yield name, schema


def _request_fields() -> Iterator[tuple[str, Json]]:
    visited: set[str] = set()
    for path, operations in OPENAPI["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from _fields(content["schema"], f"{method} {path}", visited)
            for parameter in operation.get("parameters", []):
                if parameter.get("in") == "query":
                    yield from _fields(parameter["schema"], f"query.{parameter['name']}", visited)


FIELDS: Final = dict(_request_fields())


def _pattern_fault(name: str, schema: Json) -> str | None:
    """Return what is wrong with the pattern of a field, or None."""
    pattern = schema.get("pattern", "")
    if {"enum", "const", "format"} & schema.keys() or name.rpartition(".")[2] in VERIFIED or pattern in PEOPLE_WRITE:
        return None
    if not pattern:
        return "has no pattern: use Text, Note or InputPattern of core.types.text"
    if (pattern[0], pattern[-1]) != ("^", "$"):
        return f"{pattern} does not match the whole text"
    if not pattern.isascii() or OTHER_CHARACTERS.search(pattern):
        return f"{pattern} matches characters that nobody can see"
    if re.fullmatch(pattern, " "):
        return f"{pattern} matches a text that shows nothing"
    return None


def test_texts_of_requests_have_a_type_that_refuses_what_cannot_be_seen() -> None:
    faults = {name: _pattern_fault(name, schema) for name, schema in FIELDS.items()}
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("pattern", ["", "[a-z]+", "^.+$", "^[^a]+$", r"^\w+$", "^[a-zé]+$", "^[a-z ]+$"])
def test_pattern_fault_names_what_a_pattern_lets_through(pattern: str) -> None:
    assert _pattern_fault("ClientInput.other", {"type": "string", "pattern": pattern})


def test_requests_have_fields_of_every_kind() -> None:
    assert {"NewAdmin.first_name", "ClientInput.notes", "query.q", "BrandingInput.logo_url"} <= FIELDS.keys()
