"""Completes recorded examples of responses with the fields that were added since they were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = Any

_BLANKS: Final[Mapping[str, Json]] = {"array": [], "boolean": False, "integer": 0, "number": 0, "string": ""}
_PREFIX: Final = "#/components/schemas/"


def complete_example(value: Json, schema: Json, schemas: Mapping[str, Json]) -> Json:
    """Return an example with the required fields that it lacks: their default, their own example, or a blank."""
    schema = _resolve(schema, schemas)
    if isinstance(value, list):
        return [complete_example(each, schema.get("items", {}), schemas) for each in value]
    if not isinstance(value, dict):
        return value
    schema = _select_object(value, schema, schemas)
    properties: Mapping[str, Json] = schema.get("properties", {})
    completed = {
        name: complete_example(each, properties[name], schemas) if name in properties else each
        for name, each in value.items()
    }
    for name in schema.get("required", ()):
        if name not in completed and name in properties:
            completed[name] = _build_value(properties[name], schemas)
    return completed


def _select_object(value: Json, schema: Json, schemas: Mapping[str, Json]) -> Json:
    """Return the object type of a union that has the most fields of a value."""
    choices = [_resolve(each, schemas) for each in schema.get("anyOf", schema.get("oneOf", ()))] or [schema]
    return max(choices, key=lambda each: len(value.keys() & each.get("properties", {}).keys()))


def _build_value(schema: Json, schemas: Mapping[str, Json]) -> Json:
    if "default" in schema:
        return schema["default"]
    if schema.get("examples"):
        return schema["examples"][0]
    choices = [_resolve(each, schemas) for each in schema.get("anyOf", ())]
    if any(each.get("type") == "null" for each in choices):
        return None
    resolved = _resolve(schema, schemas)
    if resolved.get("examples"):
        return resolved["examples"][0]
    return (
        complete_example({}, resolved, schemas) if "properties" in resolved else _BLANKS.get(resolved.get("type", ""))
    )


def _resolve(schema: Json, schemas: Mapping[str, Json]) -> Json:
    reference = schema.get("$ref", "")
    if not reference and len(schema.get("allOf", ())) == 1:
        reference = schema["allOf"][0].get("$ref", "")
    return schemas[reference.removeprefix(_PREFIX)] if reference else schema
