"""JSON of responses: entities without their hidden fields, amounts with two decimals, times of trips in local time."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from coachway.core.persistence.records import Entity
from coachway.core.persistence.responses.local_times import with_local_times
from coachway.core.schemas import Page


def to_json(response: object) -> str:
    """Return the JSON text of a response: a model, a list of models, or plain data."""
    if isinstance(response, Entity):
        return with_local_times(response).model_dump_json(exclude=set(response.hidden()))
    if isinstance(response, Page):
        items = ",".join(to_json(item) for item in response.items)
        return f'{{"items":[{items}],"next_cursor":{json.dumps(response.next_cursor)}}}'
    if isinstance(response, BaseModel):
        return with_local_times(response).model_dump_json(exclude=excluded_fields(response))
    if isinstance(response, list):
        return "[" + ",".join(to_json(item) for item in response) + "]"
    return json.dumps(to_jsonable_python(response), separators=(",", ":"))


def excluded_fields(response: BaseModel) -> dict[str, Any] | None:
    """Return the hidden fields of the entities in a response, in the form of pydantic's `exclude`; None if none."""
    hidden: dict[str, Any] = {}
    for name, value in response:
        inside, wrap = (value[0], True) if isinstance(value, list) and value else (value, False)
        if not isinstance(inside, BaseModel):
            continue
        parts = dict.fromkeys(inside.hidden(), True) if isinstance(inside, Entity) else excluded_fields(inside)
        if parts:
            hidden[name] = {"__all__": parts} if wrap else parts
    return hidden or None
