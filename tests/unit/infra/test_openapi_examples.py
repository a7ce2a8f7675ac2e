"""Recorded examples get the fields that were added since."""

from __future__ import annotations

from typing import Any

from tools.openapi_examples import complete_example

SCHEMAS: dict[str, Any] = {
    "Trip": {
        "type": "object",
        "required": ["id", "tags", "note", "price", "stop"],
        "properties": {
            "id": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "price": {"type": "number", "default": 5},
            "stop": {"$ref": "#/components/schemas/Stop"},
            "optional": {"type": "string"},
        },
    },
    "Stop": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "examples": ["Pier"]}}},
    "Page": {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Trip"}}},
    },
}


def test_example_gets_the_required_fields_that_it_lacks() -> None:
    page = complete_example({"items": [{"id": "1"}]}, {"$ref": "#/components/schemas/Page"}, SCHEMAS)
    assert page == {"items": [{"id": "1", "tags": [], "note": None, "price": 5, "stop": {"name": "Pier"}}]}


def test_recorded_fields_of_an_example_stay() -> None:
    trip = {"id": "1", "tags": ["a"], "note": "n", "price": 1, "stop": {"name": "Dock"}, "gone": 1}
    assert complete_example(trip, {"$ref": "#/components/schemas/Trip"}, SCHEMAS) == trip
