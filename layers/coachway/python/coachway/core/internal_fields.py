"""Hides what staff write for each other from clients, vendors and drivers.

What they may read has its own field, such as `message_to_client`.
"""

from typing import TypeVar

from coachway.core.caller import Caller
from coachway.core.persistence.records import Entity
from coachway.core.schemas import Page

E = TypeVar("E", bound=Entity)


def hide_internal_fields(caller: Caller, entity: E) -> E:
    """Return an entity as the caller may see it: for clients, vendors and drivers, its `INTERNAL_FIELDS` are empty."""
    if not caller.is_external:
        return entity
    fields = type(entity).model_fields
    blank = {name: None if fields[name].default is None else "" for name in entity.INTERNAL_FIELDS}
    return entity.model_copy(update=blank)


def hide_internal_fields_in_page(caller: Caller, page: Page[E]) -> Page[E]:
    """Return a page of a list as the caller may see it."""
    return page.model_copy(update={"items": [hide_internal_fields(caller, entity) for entity in page.items]})
