"""Fills an organization with charters, straight into the table: copies of one, each with its own id and number."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import settings
from coachway.core.types import ids
from tests.load import request_steps

_AT_ONCE: Final = 25
"""What DynamoDB takes in one batch."""


class Crowd:
    """The charters of one organization; they all fall into this month, the worst case for every list."""

    def __init__(self, day: request_steps.Day, count: int) -> None:
        made = day.take(request_steps.ADD_CHARTER)
        org = authentication.verify_token(day.known["access"])["org"]
        self.table = settings.table_name()
        self.charter = store.get(Charter, CHARTER.key(org=org, id=made["id"]))
        self.count = count + 1

    def reach(self, count: int) -> float:
        """Add as many as are wanting; seconds it took."""
        started = time.perf_counter()
        wanting = range(self.count, count, _AT_ONCE)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda first: self._write(first, min(first + _AT_ONCE, count)), wanting))
        self.count = max(self.count, count)
        return time.perf_counter() - started

    def _write(self, first: int, last: int) -> None:
        puts = []
        for number in range(first, last):
            own = {"id": ids.new("chr"), "number": f"CH-2027-{number + 500_000:06d}"}
            puts.append({"PutRequest": {"Item": to_item(self.charter.model_copy(update=own))}})
        client: Any = connection().client
        left = {self.table: puts}
        while left:
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
