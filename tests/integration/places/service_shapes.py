"""Compares answers with botocore's description of the services."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session


def find_differences(service: str, operation: str, answer: Any) -> list[str]:
    """The parts of an answer that the service would not send: unknown, missing or of another type."""
    return list(_compare(_load_model(service).operation_model(operation).output_shape, answer, "answer"))


@cache
def _load_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _compare(shape: Any, value: Any, path: str) -> list[str]:
    match shape.type_name:
        case "structure":
            return _compare_structure(shape, value, path)
        case "list":
            if not isinstance(value, list):
                return [f"{path} is no list"]
            return [each for item in value for each in _compare(shape.member, item, f"{path}[]")]
        case "string":
            is_valid = isinstance(value, str) and (not shape.enum or value in shape.enum)
        case "boolean":
            is_valid = isinstance(value, bool)
        case "integer" | "long":
            is_valid = isinstance(value, int)
        case _:
            is_valid = isinstance(value, int | float)
    return [] if is_valid else [f"{path} is {value!r}"]


def _compare_structure(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    in_body = {name for name, member in shape.members.items() if "location" not in member.serialization}
    names = {shape.members[name].serialization.get("name", name): name for name in in_body}
    differences = [f"{path}.{name} is unknown" for name in value if name not in names]
    differences += [f"{path}.{name} is missing" for name in shape.required_members if name in in_body - set(value)]
    for name, item in value.items():
        if name in names:
            differences += _compare(shape.members[names[name]], item, f"{path}.{name}")
    return differences
