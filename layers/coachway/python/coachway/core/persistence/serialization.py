"""JSON of responses: entities without their hidden fields, amounts with two decimals, times of trips in local time."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from coachway.core.persistence.local_times import with_local_times
from coachway.core.persistence.records import Entity
from coachway.core.schemas import Page


def to_json(answer: object) -> str:
    """Return the JSON text of a response: a model, a list of models, or plain data."""
    if isinstance(answer, Entity):
        return with_local_times(answer).model_dump_json(exclude=set(answer.hidden()))
    if isinstance(answer, Page):
        items = ",".join(to_json(item) for item in answer.items)
        return f'{{"items":[{items}],"next_cursor":{json.dumps(answer.next_cursor)}}}'
    if isinstance(answer, BaseModel):
        return with_local_times(answer).model_dump_json(exclude=excluded_fields(answer))
    if isinstance(answer, list):
        return "[" + ",".join(to_json(item) for item in answer) + "]"
    return json.dumps(to_jsonable_python(answer), separators=(",", ":"))


def excluded_fields(answer: BaseModel) -> dict[str, Any] | None:
    """Return the hidden fields of the entities in a response, in the form of pydantic's `exclude`; None if none."""
    hidden: dict[str, Any] = {}
    for name, value in answer:
        inside, wrap = (value[0], True) if isinstance(value, list) and value else (value, False)
        if not isinstance(inside, BaseModel):
            continue
        parts = dict.fromkeys(inside.hidden(), True) if isinstance(inside, Entity) else excluded_fields(inside)
        if parts:
            hidden[name] = {"__all__": parts} if wrap else parts
    return hidden or None
