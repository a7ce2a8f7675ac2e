"""Requests to the table of a test, and readers of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition

from coachway.core.persistence.table import connection
from coachway.core.runtime import settings

Requests = Sequence[dict[str, Any]]

ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def key(sk: str, pk: str = "partition") -> dict[str, Any]:
    return {"pk": text(pk), "sk": text(sk)}


def put(sk: str, pk: str = "partition", *, condition: Condition | None = None, **attributes: Any) -> dict[str, Any]:
    return connection().put_item(settings.table_name(), pk, sk, attributes=attributes, condition=condition)


def get(sk: str, pk: str = "partition") -> dict[str, Any] | None:
    item: dict[str, Any] | None = connection().get_item(settings.table_name(), pk, sk, consistent_read=True).get("Item")
    return item


def query(pk: str = "partition", **parameters: Any) -> dict[str, Any]:
    return connection().query(settings.table_name(), pk, **parameters)


def sort_keys(response: dict[str, Any]) -> list[str]:
    return [item["sk"]["S"] for item in response["Items"]]


def transact(*, checks: Requests = (), deletes: Requests = (), puts: Requests = (), updates: Requests = ()) -> None:
    def with_table_name(requests: Requests) -> list[dict[str, Any]]:
        return [{"TableName": settings.table_name(), **request} for request in requests]

    connection().transact_write_items(
        with_table_name(checks), with_table_name(deletes), with_table_name(puts), with_table_name(updates)
    )


def cancellation_codes(failure: TransactWriteError) -> list[str | None]:
    return [reason.code if reason else None for reason in failure.cancellation_reasons]


def has_version(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "#v = :v",
        "ExpressionAttributeNames": {"#v": "version"},
        "ExpressionAttributeValues": {":v": number(version)},
    }


def increment(count: int) -> dict[str, Any]:
    return {
        "UpdateExpression": "SET #kind = :kind, #n = if_not_exists(#n, :zero) + :by",
        "ExpressionAttributeNames": {"#kind": "kind", "#n": "n"},
        "ExpressionAttributeValues": {":kind": text("counter"), ":zero": number(0), ":by": number(count)},
    }
