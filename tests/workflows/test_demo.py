"""The demo data arrives through the API, once."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import demo
from tests.stack import Stack, eventually

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


def test_the_vendors_user_has_an_approved_vendor_with_its_papers(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")
    vendor_id = asked(stack, victor, "/auth/me")["party_id"]
    known = asked(stack, victor, f"/vendors/{vendor_id}")
    assert (known["business_name"], known["status"]) == ("Ridgeline Coaches", "active")
    assert asked(stack, victor, f"/vendors/{vendor_id}/compliance/status")["is_compliant"]
    assert {each["vendor_id"] for each in asked(stack, victor, "/bids")["items"]} == {vendor_id}
    assert {each["status"] for each in asked(stack, users[0], "/vendors?limit=100")["items"]} == {"active", "pending"}


def test_vendors_bid_for_trips_sealed_awarded_and_in_vain(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")

    def requests() -> dict[str, dict[str, Any]]:
        return {each["status"]: each for each in asked(stack, users[0], "/bid-requests?limit=100")["items"]}

    known = eventually(lambda: found if "no_bids" in (found := requests()) else None, 60, "nobody was told of no bids")
    assert set(known) == {"open", "awarded", "no_bids"}
    sealed = asked(stack, users[0], f"/bids?charter_id={known['open']['charter_id']}")["items"]
    assert [(each["quoted_price"], each["rank"]) for each in sealed] == [(None, None)] * 2
    own = [bid["quoted_price"] for bid in asked(stack, victor, "/bids")["items"] if bid["is_sealed"]]
    assert own == [2240.0]
    given = asked(stack, users[0], f"/charters/{known['awarded']['charter_id']}")
    assert (given["status"], given["vendor_ids"]) == ("confirmed", [asked(stack, victor, "/auth/me")["party_id"]])
    others = asked(stack, users[0], f"/bids?charter_id={given['id']}")["items"]
    assert sorted(each["status"] for each in others) == ["accepted", "rejected", "rejected"]


def test_loading_again_doubles_nothing(stack: Stack, users: list[dict[str, str]]) -> None:
    lists = ("charters", "clients", "users", "vendors", "compliance", "bid-requests", "bids", "drivers", "vehicles")
    paths = [f"/{name}" for name in lists]
    paths += [f"/pricing/{name}" for name in ("pricing-rules", "amenities", "promo-codes")]

    def known() -> list[list[str]]:
        return [[each["id"] for each in asked(stack, users[0], f"{path}?limit=100")["items"]] for path in paths]

    before = known()
    assert demo.load(stack.home) == users
    assert known() == before
