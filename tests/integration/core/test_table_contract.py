"""The behavior of DynamoDB that the store relies on, tested in memory, on moto and on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from tests.integration.conftest import on_every_table
from tests.integration.core.builders import (
    ABSENT,
    cancellation_codes,
    get,
    has_version,
    increment,
    key,
    number,
    put,
    query,
    sort_keys,
    text,
    transact,
)

pytestmark = on_every_table


def test_put_item_is_returned_until_it_is_deleted() -> None:
    put("a", name=text("Ida"), seats=number(56), open={"BOOL": True})
    assert get("a") == {**key("a"), "name": text("Ida"), "seats": number(56), "open": {"BOOL": True}}
    put("a", name=text("Ada"))
    assert get("a") == {**key("a"), "name": text("Ada")}
    connection().delete_item(settings.table_name(), "partition", "a")
    assert get("a") is None
    connection().delete_item(settings.table_name(), "partition", "a")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Path("pk").does_not_exist(), False),
        (Path("pk").exists(), True),
        (Path("version") == number(3), True),
        (Path("version") == number(4), False),
        (Path("version") == text("3"), False),
        (Path("version") < number(10), True),
        (Path("version") >= number(3), True),
        (Path("version") > number(3), False),
        (Path("missing") <= number(3), False),
        (Path("missing").does_not_exist() & (Path("name") == text("Ida")), True),
        (Path("missing").exists() | (Path("name") == text("Ada")), False),
        (Path("pk").does_not_exist() | (Path("version") <= number(3)), True),
        (~(Path("name") == text("Ida")), False),
    ],
    ids=str,
)
def test_conditional_write_succeeds_only_if_its_condition_holds(condition: Condition, holds: bool) -> None:
    put("a", version=number(3), name=text("Ida"))
    if holds:
        put("a", condition=condition)
        assert get("a") == key("a")
        return
    with pytest.raises(PutError) as put_failure:
        put("a", condition=condition)
    assert put_failure.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(DeleteError) as delete_failure:
        connection().delete_item(settings.table_name(), "partition", "a", condition=condition)
    assert delete_failure.value.cause_response_code == "ConditionalCheckFailedException"
    assert get("a") == {**key("a"), "version": number(3), "name": text("Ida")}


def test_update_adds_and_sets_and_returns_the_new_item() -> None:
    def increment_item() -> dict[str, Any]:
        actions = [Path("n").add(number(2)), Path("kind").set(text("rate"))]
        response = connection().update_item(
            settings.table_name(), "partition", "a", actions=actions, return_values="ALL_NEW"
        )
        attributes: dict[str, Any] = response["Attributes"]
        return attributes

    assert increment_item() == {**key("a"), "n": number(2), "kind": text("rate")}
    assert increment_item() == get("a") == {**key("a"), "n": number(4), "kind": text("rate")}


def test_batch_get_returns_existing_items_with_requested_attributes() -> None:
    for sk in "abc":
        put(sk, name=text(sk.upper()), seats=number(1))
    keys: Any = [{"pk": "partition", "sk": sk} for sk in "cax"]
    response = connection().batch_get_item(
        settings.table_name(), keys, consistent_read=True, attributes_to_get=["sk", "name"]
    )
    items = sorted(response["Responses"][settings.table_name()], key=lambda each: str(each["sk"]["S"]))
    assert items == [{"sk": text("a"), "name": text("A")}, {"sk": text("c"), "name": text("C")}]
    assert not response.get("UnprocessedKeys")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (None, ["a#1", "a#2", "b#1", "b#2", "é"]),
        (Path("sk").startswith("a#"), ["a#1", "a#2"]),
        (Path("sk").between("a#2", "b#1"), ["a#2", "b#1"]),
        (Path("sk") > "b#1", ["b#2", "é"]),
        (Path("sk") == "b#1", ["b#1"]),
    ],
    ids=str,
)
def test_query_returns_partition_in_order_of_sort_key(bounds: Condition | None, expected: list[str]) -> None:
    for sk in ("b#2", "é", "a#1", "b#1", "a#2"):
        put(sk)
    put("a#3", pk="another")
    assert sort_keys(query(range_key_condition=bounds)) == expected
    assert sort_keys(query(range_key_condition=bounds, scan_index_forward=False)) == expected[::-1]


@pytest.mark.parametrize("index", [None, "gsi2"])
@pytest.mark.parametrize("forward", [True, False])
def test_query_pages_continue_from_last_evaluated_key(index: str | None, forward: bool) -> None:
    names = [f"{n:02}" for n in range(7)]
    for name in names:
        put(name, gsi2pk=text("partition"), gsi2sk=text(f"{int(name) // 2}"))
    put("unlisted", pk="another")
    listed_keys: list[str] = []
    start = None
    for _ in names:
        response = query(index_name=index, limit=3, exclusive_start_key=start, scan_index_forward=forward)
        assert len(response["Items"]) <= 3
        listed_keys += sort_keys(response)
        start = response.get("LastEvaluatedKey")
        if start is None:
            break
        assert start.keys() == {"pk", "sk", *(["gsi2pk", "gsi2sk"] if index else [])}
    assert sorted(listed_keys) == names
    if index is None:
        assert listed_keys == (names if forward else names[::-1])
    else:
        assert [int(name) // 2 for name in listed_keys] == sorted((int(n) // 2 for n in names), reverse=not forward)


def test_query_limit_counts_filtered_items() -> None:
    for n in range(6):
        put(f"{n}", even={"BOOL": n % 2 == 0}, name=text("x"))
    condition = (Path("even") == {"BOOL": True}) & (Path("name") == text("x"))
    first = query(filter_condition=condition, limit=3)
    assert (sort_keys(first), first["ScannedCount"]) == (["0", "2"], 3)
    rest = query(filter_condition=condition, exclusive_start_key=first["LastEvaluatedKey"])
    assert (sort_keys(rest), "LastEvaluatedKey" in rest) == (["4"], False)


def test_query_with_projection_returns_only_its_attributes() -> None:
    put("a", doc=text("{}"), kind=text("boat"), gsi1pk=text("boats"), gsi1sk=text("Ida"))
    response = query("boats", index_name="gsi1", attributes_to_get=["pk", "sk", "doc", "gsi1sk", "missing"])
    assert response["Items"] == [{**key("a"), "doc": text("{}"), "gsi1sk": text("Ida")}]


def test_item_is_in_index_while_it_has_index_keys() -> None:
    put("a", gsi1pk=text("boats"), gsi1sk=text("Ida"))
    put("a", gsi1pk=text("boats"), gsi1sk=text("Ada"))
    assert [item["gsi1sk"]["S"] for item in query("boats", index_name="gsi1")["Items"]] == ["Ada"]
    put("a", gsi1pk=text("ships"), gsi1sk=text("Ada"))
    assert (query("boats", index_name="gsi1")["Count"], query("ships", index_name="gsi1")["Count"]) == (0, 1)
    put("a")
    assert query("ships", index_name="gsi1")["Count"] == 0
    put("b", gsi1pk=text("ships"), gsi1sk=text("Eva"))
    connection().delete_item(settings.table_name(), "partition", "b")
    assert query("ships", index_name="gsi1")["Count"] == 0


def test_transaction_executes_all_operations() -> None:
    put("gone")
    put("checked", version=number(2))
    put("counted", n=number(5))
    transact(
        checks=[{"Key": key("checked"), **has_version(2)}],
        deletes=[{"Key": key("gone")}],
        puts=[{"Item": {**key("new"), "version": number(1)}, **ABSENT}],
        updates=[{"Key": key("counted"), **increment(3)}, {"Key": key("new-counter"), **increment(4)}],
    )
    assert get("gone") is None
    assert get("new") == {**key("new"), "version": number(1)}
    assert [(get(name) or {})["n"] for name in ("counted", "new-counter")] == [number(8), number(4)]


def test_failed_condition_cancels_transaction_and_is_reported_at_its_position() -> None:
    put("gone")
    put("checked", version=number(1))
    put("counted", n=number(5))
    bounded = increment(3)
    bounded["ExpressionAttributeValues"][":most"] = number(4)
    with pytest.raises(TransactWriteError) as cancelled:
        transact(
            checks=[{"Key": key("checked"), **has_version(2)}],
            deletes=[{"Key": key("gone")}],
            puts=[{"Item": key("new"), **ABSENT}, {"Item": key("new-2")}],
            updates=[{"Key": key("counted"), **bounded, "ConditionExpression": "#n <= :most"}],
        )
    assert cancelled.value.cause_response_code == "TransactionCanceledException"
    assert cancellation_codes(cancelled.value) == ["ConditionalCheckFailed", None, None, None, "ConditionalCheckFailed"]
    assert (get("gone"), get("new"), get("new-2")) == (key("gone"), None, None)
    assert get("counted") == {**key("counted"), "n": number(5)}


def put_too_many() -> None:
    transact(puts=[{"Item": key(f"{n}")} for n in range(101)])


def write_one_item_twice() -> None:
    transact(puts=[{"Item": key("a")}], deletes=[{"Key": key("a")}])


def put_too_large() -> None:
    transact(puts=[{"Item": {**key("a"), "doc": text("x" * 410_000)}}])


@pytest.mark.parametrize("attempt", [put_too_many, write_one_item_twice, put_too_large])
def test_invalid_transaction_raises_validation_exception_and_writes_nothing(attempt: Callable[[], None]) -> None:
    with pytest.raises(TransactWriteError) as raised:
        attempt()
    assert raised.value.cause_response_code == "ValidationException"
    assert query()["Count"] == 0


def test_transaction_of_one_hundred_items_succeeds() -> None:
    transact(puts=[{"Item": key(f"{n:03}"), **ABSENT} for n in range(100)])
    assert query()["Count"] == 100
