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
