"""Pages of lists that are short enough to lie in one item, or in the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from coachway.core.persistence import cursor
from coachway.core.schemas import Page, PageQuery

T = TypeVar("T")


def build_page(items: Sequence[T], name: Callable[[T], str], query: PageQuery, of: tuple[str, ...]) -> Page[T]:
    """A page of `items`, whose names are unique; a cursor names the last one shown, and is good for the list `of` only.

    When that item has gone since, the list begins again.
    """
    after = cursor.decode(query.cursor, of).sk if query.cursor else None
    start = next((n + 1 for n, item in enumerate(items) if name(item) == after), 0)
    fields = list(items[start : start + query.limit])
    more = start + len(fields) < len(items)
    following = cursor.encode(cursor.Position(0, "", name(fields[-1]), ""), of) if more else None
    return Page(items=fields, next_cursor=following)
