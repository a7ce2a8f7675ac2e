"""Validation of user fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from coachway.core.types import ids
from coachway.identity.model.user import UserFields


def build_fields(**fields: Any) -> UserFields:
    return UserFields.model_validate({"first_name": "Ana", "last_name": "Ruiz", "role": "staff", **fields})


def test_user_with_email_or_phone_is_accepted() -> None:
    assert build_fields(email="ana@harbor.example").phone is None
    assert build_fields(phone="+12125550123").email is None


def test_user_without_email_and_phone_is_refused() -> None:
    with pytest.raises(ValidationError, match="email: an email or a phone"):
        build_fields()


def test_party_id_of_the_role_is_accepted() -> None:
    client = ids.new("cli")
    assert build_fields(email="a@b.example", role="client", party_id=client).party_id == client


@pytest.mark.parametrize(("role", "prefix"), [("client", "ven"), ("staff", "cli"), ("driver", "cli")])
def test_party_id_of_another_role_is_refused(role: str, prefix: str) -> None:
    with pytest.raises(ValidationError, match="party_id"):
        build_fields(email="a@b.example", role=role, party_id=ids.new(prefix))
