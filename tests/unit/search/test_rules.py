"""Who may find what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coachway.core.persistence.records import Record
from coachway.identity.model.permissions import BUILT_IN_ROLES, PERMISSIONS
from coachway.search.rules import READ_PERMISSIONS, readable_kinds
from tools.function_modules import import_everything


def subclasses(model: type[Any]) -> Iterator[type[Any]]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def test_every_kind_with_search_text_has_a_permission() -> None:
    import_everything()
    records = [each for each in subclasses(Record) if each.__module__.startswith("coachway.")]
    kinds = {each.KIND for each in records if each.search_text is not Record.search_text}
    assert kinds == set(READ_PERMISSIONS)
    assert set(READ_PERMISSIONS.values()) <= PERMISSIONS


def test_caller_finds_only_kinds_that_they_may_read() -> None:
    assert readable_kinds({"clients:read"}) == {"client", "contact", "address"}
    assert readable_kinds({"clients:write", "search:read"}) == frozenset()
    assert readable_kinds(BUILT_IN_ROLES["viewer"]) == set(READ_PERMISSIONS)


def test_external_roles_cannot_search() -> None:
    assert not any("search:read" in BUILT_IN_ROLES[role] for role in ("client", "vendor", "driver"))
