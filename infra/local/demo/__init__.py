"""Demo data, loaded through the API like anybody's: two organizations, somebody of every role, a week of trips.

What is there already is left alone, so an interrupted load goes on where it stopped, and loading twice doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from infra.local.demo import users
from infra.local.demo.api_client import Desk
from infra.local.demo.data import harbor, prairie
from infra.local.demo.scenario_loader import told
from infra.local.stack_config import Home

User = dict[str, str]


def is_loaded(home: Home, stored_users: list[User]) -> bool:
    """Whether the last load was finished, by the data's present shape, and its users can still log in."""
    known = {(user["organization"], user["role"]) for user in stored_users}
    if known != {(organization.slug, person.role) for organization, person in users.EVERYBODY}:
        return False
    with _visitor(home) as visitor:
        return visitor.can_log_in(stored_users[0])


def load(home: Home) -> list[User]:
    """Sign everybody up and tell both stories, each organization in a thread of its own. Returns who can log in."""
    with _visitor(home) as visitor, ThreadPoolExecutor(2) as threads:
        other = threads.submit(told, prairie.STORY, users.Staffing(home, visitor, users.OTHER))
        told(harbor.STORY, users.Staffing(home, visitor, users.DEMO))
        other.result()
    return [users.user(organization, person) for organization, person in users.EVERYBODY]


@contextmanager
def _visitor(home: Home) -> Iterator[Desk]:
    """Somebody who is not logged in."""
    visitor = Desk.of(home)
    try:
        yield visitor
    finally:
        visitor.close()
