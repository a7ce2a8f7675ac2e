"""Generates `events/schemas/*.json`: the JSON Schema of every domain event, from its class."""

from __future__ import annotations

import json

from coachway.core.persistence.domain_events import Actor, Change, Event


def build_schemas() -> dict[str, str]:
    """File name → JSON Schema of the event's `detail` on the bus."""
    return {
        f"{name}.json": _schema(event) for name, event in sorted(Event.registry.items()) if _is_product_event(event)
    }


def _is_product_event(event: type[Event]) -> bool:
    return event.__module__.startswith("coachway.")


def _schema(event: type[Event]) -> str:
    data = event.model_json_schema(mode="serialization")
    definitions = data.pop("$defs", {})
    for model in (Actor, Change):
        shape = model.model_json_schema(mode="serialization")
        definitions[model.__name__] = shape
    text = {"type": "string"}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.TYPE,
        "description": (event.__doc__ or "").strip(),
        "type": "object",
        "required": [
            "event_id",
            "org_id",
            "aggregate_id",
            "occurred_at",
            "actor",
            "correlation_id",
            "schema_version",
            "data",
        ],
        "properties": {
            "event_id": text,
            "org_id": text,
            "aggregate_id": text,
            "occurred_at": {**text, "format": "date-time"},
            "actor": {"$ref": "#/$defs/Actor"},
            "correlation_id": text,
            "schema_version": {"const": event.SCHEMA_VERSION},
            "changes": {
                "type": "array",
                "description": "If the event would be too large, only the names of the fields, with `is_omitted`. "
                "The history has the values.",
                "items": {"$ref": "#/$defs/Change"},
            },
            "data": data,
        },
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
