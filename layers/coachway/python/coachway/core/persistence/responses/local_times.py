"""Times of trips in responses: with the UTC offset of the place where they happen.

A time marked as `LocalTime` has the time zone of the nearest `timezone` field: of its own object, or else of the
closest object around it. Other times stay in UTC. Records are stored as they are; only the response's copy changes.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from coachway.core.types.datetimes import LOCAL

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _LocalFields:
    """The fields of a model that are local times, and those that contain models with local times."""

    times: tuple[str, ...]
    parts: tuple[str, ...]
    has_timezone: bool


def with_local_times(response: M, zone: ZoneInfo | None = None) -> M:
    """Return a copy whose local times have the offset of their time zone. `zone` is that of the object around it.

    Without a time zone, times stay as they are.
    """
    fields = _local_fields(type(response))
    if not fields.times and not fields.parts:
        return response
    values = response.__dict__
    name = values["timezone"] if fields.has_timezone else None
    zone = ZoneInfo(name) if name else zone
    changes: dict[str, Any] = {part: _convert_parts(values[part], zone) for part in fields.parts if values[part]}
    if zone is not None:
        for time in fields.times:
            at: datetime | None = values[time]
            if at is not None:
                changes[time] = at.astimezone(zone)
    return response.model_copy(update=changes) if changes else response


def _convert_parts(value: Any, zone: ZoneInfo | None) -> Any:
    if isinstance(value, BaseModel):
        return with_local_times(value, zone)
    if isinstance(value, list):
        return [_convert_parts(item, zone) for item in value]
    if isinstance(value, dict):
        return {key: _convert_parts(item, zone) for key, item in value.items()}
    return value


@cache
def _local_fields(model: type[BaseModel]) -> _LocalFields:
    times, parts = [], []
    for name, field in model.model_fields.items():
        if LOCAL in field.metadata or _mentions_local_time(field.annotation):
            times.append(name)
        elif any(_has_local_times(part) for part in _models_in(field.annotation)):
            parts.append(name)
    return _LocalFields(tuple(times), tuple(parts), "timezone" in model.model_fields)


def _has_local_times(model: type[BaseModel]) -> bool:
    fields = _local_fields(model)
    return bool(fields.times or fields.parts)


def _mentions_local_time(annotation: Any) -> bool:
    is_marked = LOCAL in getattr(annotation, "__metadata__", ())
    return is_marked or any(_mentions_local_time(part) for part in get_args(annotation))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
