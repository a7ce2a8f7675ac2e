"""Pages of short lists that are stored in one item or defined in code."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from coachway.core.persistence import cursor
from coachway.core.schemas import Page, PageQuery

T = TypeVar("T")


def build_page(items: Sequence[T], get_name: Callable[[T], str], query: PageQuery, list_id: tuple[str, ...]) -> Page[T]:
    """Return a page of `items`, whose names are unique.

    A cursor contains the name of the last item of its page, and is valid only for the list `list_id`. If that item no
    longer exists, the first page is returned.
    """
    last_name = cursor.decode(query.cursor, list_id).sk if query.cursor else None
    start = next((index + 1 for index, item in enumerate(items) if get_name(item) == last_name), 0)
    page = list(items[start : start + query.limit])
    if start + len(page) >= len(items):
        return Page(items=page)
    position = cursor.CursorPosition(0, "", get_name(page[-1]), "")
    return Page(items=page, next_cursor=cursor.encode(position, list_id))
