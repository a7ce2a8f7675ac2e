"""Field types of organizations and users."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from coachway.identity.model import field_types


@pytest.mark.parametrize("code", ["USD", "EUR"])
def test_currency_with_two_decimals_is_accepted(code: str) -> None:
    assert TypeAdapter(field_types.Currency).validate_python(code) == code


@pytest.mark.parametrize("code", ["usd", "JPY", "XXX"])
def test_currency_without_two_decimals_or_unknown_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field_types.Currency).validate_python(code)


@pytest.mark.parametrize("slug", ["harbor", "a1", "a-b"])
def test_slug_of_letters_digits_and_inner_dashes_is_accepted(slug: str) -> None:
    assert TypeAdapter(field_types.Slug).validate_python(slug) == slug


@pytest.mark.parametrize("slug", ["a", "-a", "A1", "a_b", "a" * 41])
def test_slug_with_other_characters_or_length_is_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field_types.Slug).validate_python(slug)


@pytest.mark.parametrize(
    "code",
    [
        "123456",
        " 123456 ",
        "123 456",
        "123-456",
        "123\u00a0456",
        "12\u200b3456",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "١٢٣٤٥٦",
        "1 2 3 4 5 6",
    ],
)
def test_code_is_the_same_for_log_in_and_second_factor(code: str) -> None:
    assert TypeAdapter(field_types.OneTimeCode).validate_python(code) == "123456"
    assert TypeAdapter(field_types.SecondFactorCode).validate_python(code) == "123456"


@pytest.mark.parametrize("code", ["abcd-efgh-jkmn", "ABCD EFGH JKMN", "abcdefghjkmn", "abcd\u2013efgh\u2013jkmn"])
def test_recovery_code_is_accepted_in_any_format(code: str) -> None:
    assert TypeAdapter(field_types.SecondFactorCode).validate_python(code) == "abcdefghjkmn"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "1234.56", "½23456"])
def test_one_time_code_of_other_characters_or_length_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field_types.OneTimeCode).validate_python(code)
