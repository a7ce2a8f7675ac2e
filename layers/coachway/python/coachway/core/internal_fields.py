"""Hide what staff write for each other from clients, vendors and drivers.

What an outsider shall read has a field of its own, such as `message_to_client`.
"""

from typing import TypeVar

from coachway.core.caller import Caller
from coachway.core.persistence.records import Entity

E = TypeVar("E", bound=Entity)


def hide_internal_fields(caller: Caller, entity: E) -> E:
    """Return an entity as the caller may see it: for outsiders, its `INTERNAL_FIELDS` are empty."""
    if not caller.is_external:
        return entity
    fields = type(entity).model_fields
    blank = {name: None if fields[name].default is None else "" for name in entity.INTERNAL_FIELDS}
    return entity.model_copy(update=blank)
