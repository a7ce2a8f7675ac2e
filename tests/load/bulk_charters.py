"""Fill an organization with charters directly in the table: copies of one, each with its own id and number."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence.search_entries import build_entries
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import settings
from coachway.core.types import ids
from tests.load.request_steps import Session
from tests.load.setup_requests import CREATE_CHARTER

_BATCH_SIZE: Final = 25
"""The most items in one BatchWriteItem call."""


_SEARCHED: Final = frozenset({"boardwalk"})
"""Words of the addresses that get search entries, besides numbers. The others would only take time."""


class BulkCharters:
    """The charters of one organization, all created in this month: the worst case for every list."""

    def __init__(self, session: Session, count: int) -> None:
        charter = session.run(CREATE_CHARTER)
        org_id = authentication.verify_token(session.variables["access"])["org"]
        self.table = settings.table_name()
        self.template = store.get(Charter, CHARTER.key(org=org_id, id=charter["id"]))
        self.count = count + 1

    def grow_to(self, count: int) -> float:
        """Add charters until there are `count`; returns the seconds it took."""
        started = time.perf_counter()
        batches = range(self.count, count, _BATCH_SIZE)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda first: self._write_batch(first, min(first + _BATCH_SIZE, count)), batches))
        self.count = max(self.count, count)
        return time.perf_counter() - started

    def _write_batch(self, first: int, last: int) -> None:
        puts = []
        for number in range(first, last):
            identity = {"id": ids.new("chr"), "number": f"CH-2027-{number + 500_000:06d}"}
            charter = self.template.model_copy(update=identity)
            entries = build_entries(charter, charter.search_text()).values()
            searched = [entry for entry in entries if entry.term in _SEARCHED or entry.term.isdecimal()]
            puts += [{"PutRequest": {"Item": to_item(record)}} for record in (charter, *searched)]
        client: Any = connection().client
        for start in range(0, len(puts), _BATCH_SIZE):
            unprocessed = {self.table: puts[start : start + _BATCH_SIZE]}
            while unprocessed:
                unprocessed = client.batch_write_item(RequestItems=unprocessed).get("UnprocessedItems", {})
