"""The format of an organization's stored items, for reads that need data that earlier releases did not write."""

from enum import IntEnum
from typing import Final


class DataVersion(IntEnum):
    """Additions to the stored data. An organization at a version has all additions up to it.

    A new organization starts at `CURRENT_DATA_VERSION`. `make rebuild` brings an older one there. Until then, reads use
    the access patterns of earlier releases, which need more calls.
    """

    ORIGINAL = 0
    FLEET_ROSTER = 1
    """Drivers and vehicles have index keys for the roster."""
    RECEIVABLES = 2
    """Open invoices have a slim copy for the aging report."""
    UNCOVERED_TRIPS = 3
    """Charters with vehicles that have no driver have a slim copy for the dispatch board."""
    CLIENT_PHONES = 4
    """Clients have an index key for their phone number, by which leads find their client."""
    SEARCH = 5
    """Records have search entries, and `q` finds any word in lists."""


CURRENT_DATA_VERSION: Final = max(DataVersion)
