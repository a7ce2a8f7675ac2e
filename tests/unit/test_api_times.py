"""Each time of the API has one form: times of trips have the offset of their time zone, all others are in UTC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.template import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def list_time_fields(schema: Any, name: str = "") -> Iterator[tuple[str, bool]]:
    """The names of the time fields in a schema, with whether they are local times."""
    if isinstance(schema, list):
        for part in schema:
            yield from list_time_fields(part, name)
    if isinstance(schema, dict):
        if schema.get("format") == "date-time":
            yield name, schema.get("x-local-time", False)
        for key, part in schema.items():
            if key == "properties":
                for field, field_schema in part.items():
                    yield from list_time_fields(field_schema, field)
            else:
                yield from list_time_fields(part, name)


TIME_FIELDS = {field for schema in SCHEMAS.values() for field in list_time_fields(schema)}
LOCAL_TIMES = {name for name, is_local in TIME_FIELDS if is_local}
UTC_TIMES = {name for name, is_local in TIME_FIELDS if not is_local}


def list_answer_times(response: Any, zone: str | None = None) -> Iterator[tuple[str, str, str | None]]:
    """The name, value and time zone of each time in an answer. Changes in a history are as they were stored."""
    if isinstance(response, list):
        for item in response:
            yield from list_answer_times(item, zone)
    if isinstance(response, dict):
        zone = response.get("timezone") or zone
        for name, value in response.items():
            if name in LOCAL_TIMES | UTC_TIMES and isinstance(value, str) and "T" in value:
                yield name, value, zone
            elif name != "changes":
                yield from list_answer_times(value, zone)


def has_local_time_without_zone(schema: Any, visited: frozenset[str] = frozenset()) -> bool:
    """Whether a local time can be in a schema without a required `timezone` in its object or one around it."""
    if isinstance(schema, list):
        return any(has_local_time_without_zone(part, visited) for part in schema)
    if not isinstance(schema, dict):
        return False
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/")[-1]
        return name not in visited and has_local_time_without_zone(SCHEMAS[name], visited | {name})
    if "timezone" in schema.get("required", []):
        return False
    return schema.get("x-local-time", False) or any(
        has_local_time_without_zone(part, visited) for part in schema.values()
    )


def test_time_fields_of_the_same_name_have_the_same_form() -> None:
    assert set() == LOCAL_TIMES & UTC_TIMES
    assert {"pickup_at", "departed_at", "starts_at", "start", "eta"} <= LOCAL_TIMES
    assert {"created_at", "expires_at", "deadline", "recorded_at"} <= UTC_TIMES


def test_responses_with_local_times_contain_their_time_zone() -> None:
    without_zone = [
        operation["operationId"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if status.startswith("2") and has_local_time_without_zone(response.get("content", {}))
    ]
    assert without_zone == []
    assert has_local_time_without_zone(SCHEMAS["Segment"])  # without the assignment or log around it


@pytest.mark.parametrize("file", ["api_examples.json", "handwritten_api_examples.json"])
def test_recorded_examples_have_the_documented_form_of_times(file: str) -> None:
    times = list(list_answer_times(json.loads((ROOT / "docs" / file).read_text())))
    assert times
    for name, value, zone in times:
        if name in UTC_TIMES:
            assert value.endswith("Z"), (name, value)
        else:
            at = datetime.fromisoformat(value)
            assert zone is not None, (name, value)
            assert at.utcoffset() == at.astimezone(ZoneInfo(zone)).utcoffset(), (name, value, zone)
