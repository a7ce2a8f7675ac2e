"""Demo data, loaded through the API: two organizations, users of every role, and a week of trips.

Existing data stays as it is, so that an interrupted load continues where it stopped and a second load adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from infra.local.demo import users
from infra.local.demo.api_client import ApiClient
from infra.local.demo.data import harbor, prairie
from infra.local.demo.scenario_loader import load_scenario
from infra.local.stack_config import StackConfig

Credentials = dict[str, str]


def is_loaded(config: StackConfig, stored_users: list[Credentials]) -> bool:
    """Whether the last load created all of today's demo users, and they can still log in."""
    if stored_users != users.list_credentials():
        return False
    with _anonymous_client(config) as client:
        return client.can_log_in(stored_users[0])


def load_demo(config: StackConfig) -> list[Credentials]:
    """Load both organizations at the same time; returns the credentials of all users."""
    with _anonymous_client(config) as client, ThreadPoolExecutor(2) as threads:
        other = threads.submit(load_scenario, prairie.SCENARIO, users.UserClients(config, client, users.OTHER))
        load_scenario(harbor.SCENARIO, users.UserClients(config, client, users.DEMO))
        other.result()
    return users.list_credentials()


@contextmanager
def _anonymous_client(config: StackConfig) -> Iterator[ApiClient]:
    """A client that is not logged in."""
    client = ApiClient.connect(config)
    try:
        yield client
    finally:
        client.close()
