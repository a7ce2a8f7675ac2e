"""The table in memory refuses what DynamoDB refuses and moto takes, and lets two transactions collide."""

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
from tests.integration.core.test_table_contract import codes_of, get, key, number, put, query, text, transact
from tests.memory.client import MemoryClient

ORG = ids.new("org")


def refused(dynamodb: MemoryClient, operation: str, **request: Any) -> str:
    """The code with which a request is refused."""
    with pytest.raises(ClientError) as refusal:
        getattr(dynamodb, operation)(TableName=settings.table_name(), **request)
    return str(refusal.value.response["Error"]["Code"])


def test_a_start_key_of_another_partition_is_refused() -> None:
    put("a")
    with pytest.raises(QueryError) as failure:
        query(exclusive_start_key=key("a", pk="another"))
    assert failure.value.cause_response_code == "ValidationException"


@pytest.mark.parametrize(
    "request_of_a_put",
    [
        {"Item": {"pk": text("shelf")}},
        {"Item": key("")},
        {"Item": key("a", pk="x" * 2049)},
        {"Item": {"pk": text("shelf"), "sk": number(1)}},
        {"Item": {**key("a"), "gsi1pk": text("boats"), "gsi1sk": text("")}},
        {"Item": {**key("a"), "doc": text("x" * 410_000)}},
        {"Item": key("a"), "ConditionExpression": "name = :name", "ExpressionAttributeValues": {":name": text("x")}},
        {"Item": key("a"), "ConditionExpression": "boat = :boat"},
        {"Item": key("a"), "ConditionExpression": "boat = = :boat", "ExpressionAttributeValues": {":boat": text("x")}},
        {"Item": key("a"), "ExpressionAttributeValues": {":boat": text("x")}},
    ],
    ids=str,
)
def test_an_invalid_item_or_expression_is_refused(dynamodb: MemoryClient, request_of_a_put: Any) -> None:
    assert refused(dynamodb, "put_item", **request_of_a_put) == "ValidationException"


def test_an_index_is_not_read_consistently() -> None:
    with pytest.raises(QueryError) as failure:
        query(index_name="gsi1", consistent_read=True)
    assert failure.value.cause_response_code == "ValidationException"


def test_a_batch_of_duplicates_or_of_too_many_keys_is_refused(dynamodb: MemoryClient) -> None:
    for keys in ([key("a"), key("a")], [key(f"{n}") for n in range(101)]):
        request = {settings.table_name(): {"Keys": keys}}
        with pytest.raises(ClientError):
            dynamodb.batch_get_item(RequestItems=request)


def test_what_is_read_or_written_is_a_copy() -> None:
    name = text("Ida")
    put("a", name=name)
    name["S"] = "Ada"
    (get("a") or {})["name"]["S"] = "Eva"
    assert (get("a") or {})["name"] == text("Ida")


def test_a_write_is_charged_by_the_kilobyte_and_for_each_index() -> None:
    def units(**attributes: Any) -> float:
        return float(put("a", **attributes)["ConsumedCapacity"]["CapacityUnits"])

    assert units(doc=text("x" * 900)) == 1
    assert units(doc=text("x" * 1500)) == 2
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ida")) == 3  # what it replaces had two kilobytes
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ida")) == 1
    assert units(gsi1pk=text("boats"), gsi1sk=text("Ada")) == 3


def test_a_write_to_an_item_of_a_transaction_under_way_is_refused(
    dynamodb: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a", n=number(1))
    is_under_way, may_end = threading.Event(), threading.Event()

    def wait() -> None:
        is_under_way.set()
        may_end.wait(10)

    monkeypatch.setattr(dynamodb, "linger", wait)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: transact(puts=[{"Item": {**key("a"), "n": number(2)}}, {"Item": key("b")}]))
        assert is_under_way.wait(10)
        assert get("a") == {**key("a"), "n": number(1)}
        with pytest.raises(PutError) as failure:
            put("a")
        with pytest.raises(TransactWriteError) as cancelled:
            transact(puts=[{"Item": key("c")}, {"Item": key("b")}])
        may_end.set()
        first.result()
    assert failure.value.cause_response_code == "TransactionConflictException"
    assert codes_of(cancelled.value) == [None, "TransactionConflict"]
    assert ((get("a") or {})["n"], get("b"), get("c")) == (number(2), key("b"), None)


def test_commits_at_once_are_all_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    conflicts: list[TransactWriteError] = []
    send = type(connection()).transact_write_items

    def counted(*request: Any) -> None:
        try:
            send(*request)
        except TransactWriteError as failure:
            conflicts.append(failure)
            raise

    monkeypatch.setattr(type(connection()), "transact_write_items", counted)
    place = Key(f"ORG#{ORG}#TOTALS", "x")
    with ThreadPoolExecutor(6) as pool:
        for _ in range(24):
            pool.submit(store.commit, Caller.system("tests", ORG), IncrementCounters(place, {"n": 1}, "totals"))
    assert store.get_counters(place) == {"n": 24}
    assert conflicts
