"""A recurring series on the deployed stack: whoever looks sees none of it or all of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier

WHOLE = 52


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def _in_sight(carrier: Carrier) -> int:
    """How many charters a reader of the list sees."""
    answer = carrier.ask("GET", "/charters?limit=100")
    assert answer["next_cursor"] is None
    return len(answer["items"])


def test_readers_see_the_whole_series_or_nothing(carrier: Carrier) -> None:
    path = f"/charters/recurring?recurrence_rule=weekly&instance_count={WHOLE}"
    with ThreadPoolExecutor(1) as writer:
        made = writer.submit(carrier.ask, "POST", path, carrier.trip(), idempotency_key="the-series")
        seen = {0}
        while not made.done():
            seen.add(_in_sight(carrier))
        charters: list[dict[str, Any]] = made.result()
    seen.add(_in_sight(carrier))
    assert seen <= {0, WHOLE}
    assert [charter["instance_number"] for charter in charters] == list(range(1, WHOLE + 1))
    assert carrier.ask("POST", path, carrier.trip(), idempotency_key="the-series") == charters
    assert _in_sight(carrier) == WHOLE

    last = charters[-1]
    eventually(lambda: carrier.ask("GET", f"/charters/{last['id']}/history") or None)
    assert [event["type"] for event in carrier.ask("GET", f"/charters/{last['id']}/history")] == ["charter.created"]
    assert carrier.ask("GET", f"/pricing/quotes/{last['quote']['id']}")["charter_id"] == last["id"]
    assert len({charter["number"] for charter in charters}) == WHOLE
    assert carrier.ask("GET", "/charters/dashboard-summary")["by_status"]["quote"]["count"] == WHOLE
