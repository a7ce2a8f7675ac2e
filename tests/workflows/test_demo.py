"""The demo data arrives through the API, once."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import demo
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def users(stack: Stack) -> list[dict[str, str]]:
    return demo.load(stack.home)


def asked(stack: Stack, user: dict[str, str], path: str) -> Any:
    """What a user is answered."""
    who = {name: user[name] for name in ("organization", "email", "password")}
    token = stack.http.post("/auth/login", json=who).raise_for_status().json()["access_token"]
    return stack.http.get(path, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()


def test_somebody_of_every_role_can_log_in(stack: Stack, users: list[dict[str, str]]) -> None:
    assert demo.is_there(stack.home, users)
    for user in users:
        assert asked(stack, user, "/auth/me")["role"] == user["role"]


def test_there_are_charters_in_every_state(stack: Stack, users: list[dict[str, str]]) -> None:
    by_status = asked(stack, users[0], "/charters/dashboard-summary")["by_status"]
    assert all(status["count"] for status in by_status.values()), by_status


def test_one_quote_cannot_be_booked_as_it_is(stack: Stack, users: list[dict[str, str]]) -> None:
    quoted = asked(stack, users[0], "/charters?status=quote&limit=100")["items"]
    blocking = [w for each in quoted for w in each["quote"]["warnings"] if w["blocking"]]
    assert [warning["code"] for warning in blocking] == ["hours_of_service"]


def test_the_other_organization_has_another_currency_and_its_own_things(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    own, other = (asked(stack, users[n], "/charters?limit=100")["items"] for n in (0, -1))
    assert {each["quote"]["currency"] for each in own} == {"USD"}
    assert {each["quote"]["currency"] for each in other} == {"CAD"}
    assert not {each["id"] for each in own} & {each["id"] for each in other}


def test_the_driver_who_logs_in_is_one_of_the_fleet(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    own = asked(stack, lena, "/drivers")["items"]
    assert [(each["first_name"], each["email"]) for each in own] == [("Lena", lena["email"])]
    assert asked(stack, lena, f"/drivers/{own[0]['id']}")["is_compliant"]
    drivers, vehicles = (asked(stack, users[0], f"/{kind}?limit=100")["items"] for kind in ("drivers", "vehicles"))
    assert (len(drivers), len(vehicles)) == (8, 8)


def test_loading_again_doubles_nothing(stack: Stack, users: list[dict[str, str]]) -> None:
    paths = (
        *("/charters", "/clients", "/users", "/pricing/pricing-rules", "/pricing/amenities", "/pricing/promo-codes"),
        *("/drivers", "/vehicles", "/compliance"),
    )
    before = [asked(stack, users[0], f"{path}?limit=100")["items"] for path in paths]
    assert demo.load(stack.home) == users
    assert [asked(stack, users[0], f"{path}?limit=100")["items"] for path in paths] == before
