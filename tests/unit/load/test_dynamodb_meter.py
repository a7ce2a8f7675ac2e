"""The meter charges as DynamoDB does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.load import dynamodb_meter

SMALL: dict[str, Any] = {"pk": {"S": "A"}, "sk": {"S": "B"}, "doc": {"S": "x" * 100}}
LARGE: dict[str, Any] = {**SMALL, "doc": {"S": "x" * 2500}}
INDEXED: dict[str, Any] = {**LARGE, "gsi1pk": {"S": "C"}, "gsi1sk": {"S": "D"}}


def charged(
    old: dict[str, Any] | None, new: dict[str, Any] | None, *, twice: bool = False, check: bool = False
) -> float:
    counted = dynamodb_meter.Meter()
    counted._written(old, new, {"check": check}, twice=twice)
    return counted.write_units


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert dynamodb_meter.size(SMALL) == len("pkAskBdoc") + 100
    assert dynamodb_meter.size({"n": {"N": "1234"}, "is": {"BOOL": True}}) == 1 + 3 + 2 + 1


@pytest.mark.parametrize(
    ("old", "new", "units"),
    [
        (None, SMALL, 1),
        (None, LARGE, 3),
        (LARGE, SMALL, 3),  # the larger of both counts
        (LARGE, None, 3),
        (None, INDEXED, 3 + 3),
        (INDEXED, {**INDEXED, "doc": {"S": "y" * 2500}}, 3 + 3),
        (INDEXED, {**INDEXED, "gsi1sk": {"S": "E"}}, 3 + 3 + 3),  # an entry moves: one goes, one comes
        (INDEXED, INDEXED, 3),
    ],
)
def test_a_write_costs_a_unit_for_each_kilobyte_and_as_much_on_every_index(old: Any, new: Any, units: int) -> None:
    assert charged(old, new) == units


def test_a_write_in_a_transaction_costs_twice_but_its_index_entries_once() -> None:
    assert charged(None, INDEXED, twice=True) == 6 + 3


def test_a_condition_costs_as_much_as_a_write_of_the_item_without_its_indexes() -> None:
    assert charged(INDEXED, INDEXED, twice=True, check=True) == 6


def test_reading_costs_a_unit_for_four_kilobytes_and_half_when_not_consistent() -> None:
    answer = {"Items": [LARGE, LARGE, LARGE], "ScannedCount": 3}
    assert dynamodb_meter._reads("Query", {"ConsistentRead": True}, answer) == 2
    assert dynamodb_meter._reads("Query", {}, answer) == 1
    assert dynamodb_meter._reads("GetItem", {"ConsistentRead": True}, {}) == 1


def test_what_a_filter_leaves_out_was_read_all_the_same() -> None:
    assert dynamodb_meter._reads("Query", {}, {"Items": [LARGE], "ScannedCount": 10}) == 3.5
