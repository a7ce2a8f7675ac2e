"""Whether the organization has a client that a request names, for capabilities beside or below `clients`.

They may not import it, and an id from a body must be the organization's own as much as one from a path.
"""

from __future__ import annotations

from typing import ClassVar

from coachway.core import errors, store
from coachway.core.persistence.records import AccessPattern, Entity, Key

CLIENT = AccessPattern(
    "a client",
    pk="ORG#{org}#CLIENT#{id}",
    sk="HEAD",
)


class _Client(Entity):
    """As much of a client as says that it is there; `clients.model.Client` is the whole."""

    KIND: ClassVar[str] = "client"


def require_client(org_id: str, client_id: str | None) -> None:
    """Raises NotFound unless the organization has this client; None names nobody. One read."""
    if client_id is not None and store.find(_Client, CLIENT.key(org=org_id, id=client_id)) is None:
        raise errors.NotFound("there is no such client")


def require_found(found: store.BatchResult, *clients: Key) -> None:
    """The same of clients that were gathered with something else. Raises NotFound."""
    for key in clients:
        found.get(_Client, key)
