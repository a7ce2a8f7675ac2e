"""What the store relies on of DynamoDB, asked of the table in memory, of moto's and of the emulator's alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from tests.integration.conftest import everywhere

pytestmark = everywhere

Requests = Sequence[dict[str, Any]]

ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def key(sk: str, pk: str = "shelf") -> dict[str, Any]:
    return {"pk": text(pk), "sk": text(sk)}


def put(sk: str, pk: str = "shelf", *, condition: Condition | None = None, **attributes: Any) -> dict[str, Any]:
    return connection().put_item(settings.table_name(), pk, sk, attributes=attributes, condition=condition)


def get(sk: str, pk: str = "shelf") -> dict[str, Any] | None:
    item: dict[str, Any] | None = connection().get_item(settings.table_name(), pk, sk, consistent_read=True).get("Item")
    return item


def query(pk: str = "shelf", **parameters: Any) -> dict[str, Any]:
    return connection().query(settings.table_name(), pk, **parameters)


def keys_of(answer: dict[str, Any]) -> list[str]:
    return [each["sk"]["S"] for each in answer["Items"]]


def transact(*, checks: Requests = (), deletes: Requests = (), puts: Requests = (), updates: Requests = ()) -> None:
    def named(requests: Requests) -> list[dict[str, Any]]:
        return [{"TableName": settings.table_name(), **each} for each in requests]

    connection().transact_write_items(named(checks), named(deletes), named(puts), named(updates))


def codes_of(failure: TransactWriteError) -> list[str | None]:
    return [reason.code if reason else None for reason in failure.cancellation_reasons]


def test_an_item_is_read_back_whole_until_it_is_deleted() -> None:
    put("a", name=text("Ida"), seats=number(56), open={"BOOL": True})
    assert get("a") == {**key("a"), "name": text("Ida"), "seats": number(56), "open": {"BOOL": True}}
    put("a", name=text("Ada"))
    assert get("a") == {**key("a"), "name": text("Ada")}
    connection().delete_item(settings.table_name(), "shelf", "a")
    assert get("a") is None
    connection().delete_item(settings.table_name(), "shelf", "a")


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
def test_a_condition_decides_whether_an_item_is_written(condition: Condition, holds: bool) -> None:
    put("a", version=number(3), name=text("Ida"))
    if holds:
        put("a", condition=condition)
        assert get("a") == key("a")
        return
    with pytest.raises(PutError) as refused:
        put("a", condition=condition)
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(DeleteError) as kept:
        connection().delete_item(settings.table_name(), "shelf", "a", condition=condition)
    assert kept.value.cause_response_code == "ConditionalCheckFailedException"
    assert get("a") == {**key("a"), "version": number(3), "name": text("Ida")}


def test_an_update_adds_to_numbers_sets_and_returns_the_new_item() -> None:
    def count() -> dict[str, Any]:
        actions = [Path("n").add(number(2)), Path("kind").set(text("rate"))]
        answer = connection().update_item(settings.table_name(), "shelf", "a", actions=actions, return_values="ALL_NEW")
        attributes: dict[str, Any] = answer["Attributes"]
        return attributes

    assert count() == {**key("a"), "n": number(2), "kind": text("rate")}
    assert count() == get("a") == {**key("a"), "n": number(4), "kind": text("rate")}


def test_a_batch_returns_what_there_is_with_the_attributes_asked_for() -> None:
    for sk in "abc":
        put(sk, name=text(sk.upper()), seats=number(1))
    wanted: Any = [{"pk": "shelf", "sk": sk} for sk in "cax"]
    answer = connection().batch_get_item(
        settings.table_name(), wanted, consistent_read=True, attributes_to_get=["sk", "name"]
    )
    found = sorted(answer["Responses"][settings.table_name()], key=lambda each: str(each["sk"]["S"]))
    assert found == [{"sk": text("a"), "name": text("A")}, {"sk": text("c"), "name": text("C")}]
    assert not answer.get("UnprocessedKeys")


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        (None, ["a#1", "a#2", "b#1", "b#2", "é"]),
        (Path("sk").startswith("a#"), ["a#1", "a#2"]),
        (Path("sk").between("a#2", "b#1"), ["a#2", "b#1"]),
        (Path("sk") > "b#1", ["b#2", "é"]),
        (Path("sk") == "b#1", ["b#1"]),
    ],
    ids=str,
)
def test_a_query_reads_a_partition_in_order_of_the_sort_key(bounds: Condition | None, found: list[str]) -> None:
    for sk in ("b#2", "é", "a#1", "b#1", "a#2"):
        put(sk)
    put("a#3", pk="another")
    assert keys_of(query(range_key_condition=bounds)) == found
    assert keys_of(query(range_key_condition=bounds, scan_index_forward=False)) == found[::-1]


@pytest.mark.parametrize("index", [None, "gsi2"])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_follow_each_other_from_the_last_key(index: str | None, forward: bool) -> None:
    names = [f"{n:02}" for n in range(7)]
    for name in names:
        put(name, gsi2pk=text("shelf"), gsi2sk=text(f"{int(name) // 2}"))
    put("unlisted", pk="another")
    found: list[str] = []
    start = None
    for _ in names:
        answer = query(index_name=index, limit=3, exclusive_start_key=start, scan_index_forward=forward)
        assert len(answer["Items"]) <= 3
        found += keys_of(answer)
        start = answer.get("LastEvaluatedKey")
        if start is None:
            break
        assert start.keys() == {"pk", "sk", *(["gsi2pk", "gsi2sk"] if index else [])}
    assert sorted(found) == names
    if index is None:
        assert found == (names if forward else names[::-1])
    else:
        assert [int(name) // 2 for name in found] == sorted((int(n) // 2 for n in names), reverse=not forward)


def test_a_filter_leaves_out_of_a_page_what_its_limit_counts() -> None:
    for n in range(6):
        put(f"{n}", even={"BOOL": n % 2 == 0}, name=text("x"))
    wanted = (Path("even") == {"BOOL": True}) & (Path("name") == text("x"))
    first = query(filter_condition=wanted, limit=3)
    assert (keys_of(first), first["ScannedCount"]) == (["0", "2"], 3)
    rest = query(filter_condition=wanted, exclusive_start_key=first["LastEvaluatedKey"])
    assert (keys_of(rest), "LastEvaluatedKey" in rest) == (["4"], False)


def test_a_projection_returns_only_its_attributes() -> None:
    put("a", doc=text("{}"), kind=text("boat"), gsi1pk=text("boats"), gsi1sk=text("Ida"))
    answer = query("boats", index_name="gsi1", attributes_to_get=["pk", "sk", "doc", "gsi1sk", "missing"])
    assert answer["Items"] == [{**key("a"), "doc": text("{}"), "gsi1sk": text("Ida")}]


def test_an_item_is_on_an_index_while_it_has_its_keys() -> None:
    put("a", gsi1pk=text("boats"), gsi1sk=text("Ida"))
    put("a", gsi1pk=text("boats"), gsi1sk=text("Ada"))
    assert [each["gsi1sk"]["S"] for each in query("boats", index_name="gsi1")["Items"]] == ["Ada"]
    put("a", gsi1pk=text("ships"), gsi1sk=text("Ada"))
    assert (query("boats", index_name="gsi1")["Count"], query("ships", index_name="gsi1")["Count"]) == (0, 1)
    put("a")
    assert query("ships", index_name="gsi1")["Count"] == 0
    put("b", gsi1pk=text("ships"), gsi1sk=text("Eva"))
    connection().delete_item(settings.table_name(), "shelf", "b")
    assert query("ships", index_name="gsi1")["Count"] == 0


def test_a_transaction_does_all_that_it_names() -> None:
    put("gone")
    put("checked", version=number(2))
    put("counted", n=number(5))
    transact(
        checks=[{"Key": key("checked"), **version_is(2)}],
        deletes=[{"Key": key("gone")}],
        puts=[{"Item": {**key("new"), "version": number(1)}, **ABSENT}],
        updates=[{"Key": key("counted"), **adding(3)}, {"Key": key("begun"), **adding(4)}],
    )
    assert get("gone") is None
    assert get("new") == {**key("new"), "version": number(1)}
    assert [(get(each) or {})["n"] for each in ("counted", "begun")] == [number(8), number(4)]


def test_a_failed_condition_undoes_the_transaction_and_is_named_in_its_place() -> None:
    put("gone")
    put("taken", version=number(1))
    put("counted", n=number(5))
    bounded = adding(3)
    bounded["ExpressionAttributeValues"][":most"] = number(4)
    with pytest.raises(TransactWriteError) as cancelled:
        transact(
            checks=[{"Key": key("taken"), **version_is(2)}],
            deletes=[{"Key": key("gone")}],
            puts=[{"Item": key("new"), **ABSENT}, {"Item": key("taken-too")}],
            updates=[{"Key": key("counted"), **bounded, "ConditionExpression": "#n <= :most"}],
        )
    assert cancelled.value.cause_response_code == "TransactionCanceledException"
    assert codes_of(cancelled.value) == ["ConditionalCheckFailed", None, None, None, "ConditionalCheckFailed"]
    assert (get("gone"), get("new"), get("taken-too")) == (key("gone"), None, None)
    assert get("counted") == {**key("counted"), "n": number(5)}


def too_many() -> None:
    transact(puts=[{"Item": key(f"{n}")} for n in range(101)])


def one_item_twice() -> None:
    transact(puts=[{"Item": key("a")}], deletes=[{"Key": key("a")}])


def too_large() -> None:
    transact(puts=[{"Item": {**key("a"), "doc": text("x" * 410_000)}}])


@pytest.mark.parametrize("attempt", [too_many, one_item_twice, too_large])
def test_a_transaction_that_dynamodb_does_not_take_is_refused(attempt: Callable[[], None]) -> None:
    with pytest.raises(TransactWriteError) as refused:
        attempt()
    assert refused.value.cause_response_code == "ValidationException"
    assert query()["Count"] == 0


def test_a_hundred_items_go_into_one_transaction() -> None:
    transact(puts=[{"Item": key(f"{n:03}"), **ABSENT} for n in range(100)])
    assert query()["Count"] == 100


def version_is(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "#v = :v",
        "ExpressionAttributeNames": {"#v": "version"},
        "ExpressionAttributeValues": {":v": number(version)},
    }


def adding(count: int) -> dict[str, Any]:
    return {
        "UpdateExpression": "SET #kind = :kind, #n = if_not_exists(#n, :zero) + :by",
        "ExpressionAttributeNames": {"#kind": "kind", "#n": "n"},
        "ExpressionAttributeValues": {":kind": text("counter"), ":zero": number(0), ":by": number(count)},
    }
