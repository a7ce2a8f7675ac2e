"""The table in memory: requests that DynamoDB refuses and moto accepts, charges, and conflicts of transactions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError, QueryError, TransactWriteError

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters
from coachway.core.persistence.records import Key
from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from coachway.core.types import ids
from tests.integration.core.builders import cancellation_codes, get, key, number, put, query, text, transact
from tests.memory.client import MemoryClient

ORG = ids.new("org")


def error_code(dynamodb: MemoryClient, operation: str, **request: Any) -> str:
    """Send a request that must fail; return the code of its error."""
    with pytest.raises(ClientError) as raised:
        getattr(dynamodb, operation)(TableName=settings.table_name(), **request)
    return str(raised.value.response["Error"]["Code"])


def test_query_from_start_key_of_other_partition_fails() -> None:
    put("a")
    with pytest.raises(QueryError) as failure:
        query(exclusive_start_key=key("a", pk="another"))
    assert failure.value.cause_response_code == "ValidationException"


@pytest.mark.parametrize(
    "put_request",
    [
        {"Item": {"pk": text("partition")}},
        {"Item": key("")},
        {"Item": key("a", pk="x" * 2049)},
        {"Item": {"pk": text("partition"), "sk": number(1)}},
        {"Item": {**key("a"), "gsi1pk": text("boats"), "gsi1sk": text("")}},
        {"Item": {**key("a"), "doc": text("x" * 410_000)}},
        {"Item": key("a"), "ConditionExpression": "name = :name", "ExpressionAttributeValues": {":name": text("x")}},
        {"Item": key("a"), "ConditionExpression": "boat = :boat"},
        {"Item": key("a"), "ConditionExpression": "boat = = :boat", "ExpressionAttributeValues": {":boat": text("x")}},
        {"Item": key("a"), "ExpressionAttributeValues": {":boat": text("x")}},
    ],
    ids=str,
)
def test_put_of_invalid_item_or_expression_fails(dynamodb: MemoryClient, put_request: Any) -> None:
    assert error_code(dynamodb, "put_item", **put_request) == "ValidationException"


def test_consistent_query_of_index_fails() -> None:
    with pytest.raises(QueryError) as failure:
        query(index_name="gsi1", consistent_read=True)
    assert failure.value.cause_response_code == "ValidationException"


def test_batch_get_of_duplicate_or_too_many_keys_fails(dynamodb: MemoryClient) -> None:
    for keys in ([key("a"), key("a")], [key(f"{n}") for n in range(101)]):
        request = {settings.table_name(): {"Keys": keys}}
        with pytest.raises(ClientError):
            dynamodb.batch_get_item(RequestItems=request)


def test_items_read_and_written_are_copies() -> None:
    name = text("Ida")
    put("a", name=name)
    name["S"] = "Ada"
    (get("a") or {})["name"]["S"] = "Eva"
    assert (get("a") or {})["name"] == text("Ida")


def test_write_is_charged_per_kilobyte_and_per_index() -> None:
    def units(**attributes: Any) -> float:
        return float(put("a", **attributes)["ConsumedCapacity"]["CapacityUnits"])

    assert units(doc=text("x" * 900)) == 1
    assert units(doc=text("x" * 1500)) == 2
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ida")) == 3  # the replaced item has two kilobytes
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ida")) == 1
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ada")) == 3


def test_write_to_item_of_open_transaction_fails(dynamodb: MemoryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a", n=number(1))
    has_started, may_finish = threading.Event(), threading.Event()

    def wait() -> None:
        has_started.set()
        may_finish.wait(10)

    monkeypatch.setattr(dynamodb, "pause", wait)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: transact(puts=[{"Item": {**key("a"), "n": number(2)}}, {"Item": key("b")}]))
        assert has_started.wait(10)
        assert get("a") == {**key("a"), "n": number(1)}
        with pytest.raises(PutError) as failure:
            put("a")
        with pytest.raises(TransactWriteError) as cancelled:
            transact(puts=[{"Item": key("c")}, {"Item": key("b")}])
        may_finish.set()
        first.result()
    assert failure.value.cause_response_code == "TransactionConflictException"
    assert cancellation_codes(cancelled.value) == [None, "TransactionConflict"]
    assert ((get("a") or {})["n"], get("b"), get("c")) == (number(2), key("b"), None)


def test_concurrent_commits_each_take_effect_once(monkeypatch: pytest.MonkeyPatch) -> None:
    conflicts: list[TransactWriteError] = []
    send = type(connection()).transact_write_items

    def send_and_record_conflicts(*request: Any) -> None:
        try:
            send(*request)
        except TransactWriteError as failure:
            conflicts.append(failure)
            raise

    monkeypatch.setattr(type(connection()), "transact_write_items", send_and_record_conflicts)
    counter_key = Key(f"ORG#{ORG}#TOTALS", "x")
    with ThreadPoolExecutor(6) as pool:
        for _ in range(24):
            pool.submit(store.commit, Caller.system("tests", ORG), IncrementCounters(counter_key, {"n": 1}, "totals"))
    assert store.get_counters(counter_key) == {"n": 24}
    assert conflicts
