"""Messages and codes of invalid fields."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, Field, ValidationError

from coachway.core import problem_details
from coachway.core.schemas import RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day
from coachway.core.types.text import Note, Text
from coachway.core.types.vehicle_classes import SeatsByClass


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Order(RequestSchema):
    size: Size = Size.SMALL
    kind: Literal["one", "two"] = "one"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    weight: Annotated[float, Field(gt=0, lt=5, multiple_of=0.5)] = 1
    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))] = date(2027, 3, 3)
    at: AwareDatetime | None = None
    name: Text = "x"
    note: Note = ""
    code: Annotated[str, Field(min_length=2, max_length=4)] = "ab"
    client_id: Annotated[str, Field(pattern=ids.pattern("cli"))] | None = None
    word: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    many: Annotated[list[int], Field(min_length=1, max_length=2)] = Field(default_factory=lambda: [1])
    is_ready: bool = True
    trip: Day | None = None
    seats: SeatsByClass = Field(default_factory=lambda: {"coach": 56})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("size", "huge", "must be 'small' or 'large'"),
        ("kind", "three", "must be 'one' or 'two'"),
        ("count", 0, "must be 1 or more"),
        ("count", 10, "must be 9 or less"),
        ("count", 1.5, "must be a whole number"),
        ("count", "x", "must be a whole number"),
        ("weight", 0, "must be greater than 0.0"),
        ("weight", 5, "must be less than 5.0"),
        ("weight", 1.3, "must be a multiple of 0.5"),
        ("weight", "x", "must be a number"),
        ("day", date(1999, 1, 1), "must be 2000-01-01 or later"),
        ("day", date(2100, 1, 1), "must be 2099-12-31 or earlier"),
        ("at", "2027-03-03T09:00:00", "must have a UTC offset, such as 2027-03-03T09:00:00-05:00"),
        ("name", "", "must not be empty"),
        ("name", "a\x7fb", "must be one line, without control characters"),
        ("name", 5, "must be a string"),
        ("note", "\x00", "must not have control characters"),
        ("name", "\u200b", "must have a visible character"),
        ("code", "a", "must have at least 2 characters"),
        ("code", "abcde", "must have at most 4 characters"),
        ("client_id", "ven_1", "must be an id such as cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"),
        ("word", "A", "must match ^[a-z]+$"),
        ("many", [], "must have at least 1 item"),
        ("many", [1, 2, 3], "must have at most 2 items"),
        ("many", "x", "must be a list"),
        ("is_ready", "perhaps", "must be true or false"),
        ("trip", "2027-02-30", "must be a date such as 2027-03-03"),
        ("colour", "red", "unknown field"),
        ("seats", [], "must be an object"),
        ("seats", {}, "must have at least 1 item"),
        ("seats", {"coach": 0}, "must be 1 or more"),
        ("seats", {"coach": 201}, "must be 200 or less"),
        ("seats", {"coach": None}, "must be a whole number"),
        ("seats", {f"c{n}": 1 for n in range(51)}, "must have at most 50 items"),
        ("seats", {"Coach": 56, "coach": 50}, 'must have each class once: "Coach" and "coach" are the same class'),
        ("seats", {"coach": 56, " coach ": 56}, 'must have each class once: "coach" and " coach " are the same class'),
        (
            "seats",
            {"\uff43oach": 56, "COACH": 6},
            'must have each class once: "\uff43oach" and "COACH" are the same class',
        ),
    ],
)
def test_invalid_field_has_message_that_says_what_is_accepted(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate({field: value})
    error = problem_details.validation_error(raised.value, of_body=True)
    assert {each.message for each in error.fields} == {message}


@pytest.mark.parametrize("name", ["party bus", "", "\uff43oach", "c" * 41, "-coach", "co\x00ach"])
def test_invalid_name_of_vehicle_class_is_an_error_of_its_key(name: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate({"seats": {name: 56}})
    [field] = problem_details.validation_error(raised.value, of_body=True).fields
    assert (field.field, field.code) == (f"seats.{name}", "invalid_format")
    assert field.message.startswith("must be a vehicle class, such as party_bus: 1 to 40 letters from a to z")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"colour": "red"}, "unknown_field"),
        ({"count": 0}, "too_small"),
        ({"weight": 5}, "too_large"),
        ({"code": "a"}, "too_short"),
        ({"name": 5}, "invalid_type"),
        ({"size": "huge"}, "invalid_choice"),
        ({"word": "A"}, "invalid_format"),
        ({"trip": "2027-02-30"}, "invalid"),
    ],
)
def test_invalid_field_has_code(values: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate(values)
    assert [each.code for each in problem_details.validation_error(raised.value, of_body=True).fields] == [code]


def test_missing_field_is_required() -> None:
    class Named(RequestSchema):
        name: Text

    with pytest.raises(ValidationError) as raised:
        Named.model_validate({})
    assert problem_details.validation_error(raised.value, of_body=True).detail == "name: is required"
