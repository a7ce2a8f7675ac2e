"""Checks that a `party_id` in a request is a client, vendor or driver of the organization.

For capabilities that may not import `clients`, `vendors` or `fleet`.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from coachway.core import errors, store
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import AccessPattern, Entity

VENDOR = AccessPattern("a vendor", pk="ORG#{org}#VENDOR#{id}", sk="HEAD")
DRIVER = AccessPattern("a driver, with their availability", pk="ORG#{org}#DRIVER#{id}", sk="HEAD")


class _Client(Entity):
    """The fields of a client that show that it exists."""

    KIND: ClassVar[str] = "client"


class _Vendor(Entity):
    """The fields of a vendor that show that it exists."""

    KIND: ClassVar[str] = "vendor"


class _Driver(Entity):
    """The fields of a driver that show that they exist."""

    KIND: ClassVar[str] = "driver"


_PARTIES: Final[Mapping[str, tuple[type[Entity], AccessPattern]]] = {
    "cli": (_Client, CLIENT),
    "ven": (_Vendor, VENDOR),
    "drv": (_Driver, DRIVER),
}
"""The record and key of each kind of party, by the prefix of its id."""


def require_party(org_id: str, party_id: str | None) -> None:
    """Raise Invalid unless the organization has this party. Does nothing if `party_id` is None. One read."""
    if party_id is None:
        return
    model, pattern = _PARTIES[party_id[:3]]
    if store.find(model, pattern.key(org=org_id, id=party_id)) is None:
        raise errors.Invalid.field("party_id", "does not exist", "not_found")
