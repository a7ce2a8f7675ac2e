"""Search on the deployed stack: with the rights of its function, and after changes at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack import Stack
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("search")


def find(operator: Operator, words: str) -> list[str]:
    return [hit["title"] for hit in operator.call("GET", f"/search?q={words}")["items"]]


def test_client_is_found_by_its_name_after_concurrent_changes_and_not_after_erasure(stack: Stack) -> None:
    operator = Operator.create(stack)
    body = {"name": "Petra van der Meer", "client_type": "personal", "email": f"petra@{operator.slug}.example"}
    client: dict[str, Any] = operator.call("POST", "/clients", body)
    assert find(operator, "meer") == ["Petra van der Meer"]

    def rename(word: str) -> int:
        path = f"/clients/{client['id']}"
        return operator.send("PUT", path, {"name": f"Petra {word}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(rename, ("Able", "Baker", "Charlie", "Dog")))
    assert set(statuses) <= {200, 409}
    name = operator.call("GET", f"/clients/{client['id']}")["name"]
    assert find(operator, "petra") == [name]
    found = {word for word in ("able", "baker", "charlie", "dog", "meer") if find(operator, word)}
    assert found == {name.split()[1].lower()}
    operator.call("POST", f"/clients/{client['id']}/erase", {})
    assert find(operator, "petra") == []
