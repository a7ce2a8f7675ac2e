"""Checks that a client id in a request belongs to the organization.

For capabilities that may not import `clients`.
"""

from typing import ClassVar

from coachway.core import errors, store
from coachway.core.persistence.records import AccessPattern, Entity, Key

CLIENT = AccessPattern(
    "a client by its id",
    pk="ORG#{org}#CLIENT#{id}",
    sk="HEAD",
)


class _Client(Entity):
    """The fields of a client that show that it exists; the full record is `clients.model.Client`."""

    KIND: ClassVar[str] = "client"


def require_client(org_id: str, client_id: str | None) -> None:
    """Raise NotFound unless the organization has this client. Does nothing if `client_id` is None. One read."""
    if client_id is not None and store.find(_Client, CLIENT.key(org=org_id, id=client_id)) is None:
        raise errors.NotFound("The client was not found.")


def require_clients_in(batch: store.BatchResult, *keys: Key) -> None:
    """Raise NotFound unless `batch` has a client at each of `keys`."""
    for key in keys:
        batch.get(_Client, key)
