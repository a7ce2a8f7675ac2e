"""The meter counts request units as DynamoDB does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.load import dynamodb_meter

SMALL: dict[str, Any] = {"pk": {"S": "A"}, "sk": {"S": "B"}, "doc": {"S": "x" * 100}}
LARGE: dict[str, Any] = {**SMALL, "doc": {"S": "x" * 2500}}
INDEXED: dict[str, Any] = {**LARGE, "gsi1pk": {"S": "C"}, "gsi1sk": {"S": "D"}}


def write_units(
    old: dict[str, Any] | None, new: dict[str, Any] | None, *, is_transaction: bool = False, is_check: bool = False
) -> float:
    meter = dynamodb_meter.Meter()
    meter._count_write(old, new, {"is_check": is_check}, is_transaction=is_transaction)
    return meter.write_units


def test_size_is_of_names_and_values() -> None:
    assert dynamodb_meter.size(SMALL) == len("pkAskBdoc") + 100
    assert dynamodb_meter.size({"n": {"N": "1234"}, "is": {"BOOL": True}}) == 1 + 3 + 2 + 1


@pytest.mark.parametrize(
    ("old", "new", "units"),
    [
        (None, SMALL, 1),
        (None, LARGE, 3),
        (LARGE, SMALL, 3),  # the larger item counts
        (LARGE, None, 3),
        (None, INDEXED, 3 + 3),
        (INDEXED, {**INDEXED, "doc": {"S": "y" * 2500}}, 3 + 3),
        (INDEXED, {**INDEXED, "gsi1sk": {"S": "E"}}, 3 + 3 + 3),  # one entry removed, one added
        (INDEXED, INDEXED, 3),
    ],
)
def test_write_units_are_per_kilobyte_and_index(old: Any, new: Any, units: int) -> None:
    assert write_units(old, new) == units


def test_write_units_in_a_transaction_are_double_except_indexes() -> None:
    assert write_units(None, INDEXED, is_transaction=True) == 6 + 3


def test_write_units_of_a_condition_check_exclude_indexes() -> None:
    assert write_units(INDEXED, INDEXED, is_transaction=True, is_check=True) == 6


def test_read_units_are_per_4_kb_and_half_when_eventually_consistent() -> None:
    response = {"Items": [LARGE, LARGE, LARGE], "ScannedCount": 3}
    assert dynamodb_meter._reads("Query", {"ConsistentRead": True}, response) == 2
    assert dynamodb_meter._reads("Query", {}, response) == 1
    assert dynamodb_meter._reads("GetItem", {"ConsistentRead": True}, {}) == 1


def test_read_units_include_filtered_items() -> None:
    assert dynamodb_meter._reads("Query", {}, {"Items": [LARGE], "ScannedCount": 10}) == 3.5
