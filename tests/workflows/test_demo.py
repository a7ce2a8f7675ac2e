"""The demo data arrives through the API, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.local import demo
from tests.stack import Stack, eventually

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def users(stack: Stack) -> list[dict[str, str]]:
    return demo.load_demo(stack.config)


def asked(stack: Stack, user: dict[str, str], path: str) -> Any:
    """What a user is answered."""
    who = {name: user[name] for name in ("organization", "email", "password")}
    token = stack.http.post("/auth/login", json=who).raise_for_status().json()["access_token"]
    return stack.http.get(path, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()


def test_somebody_of_every_role_can_log_in(stack: Stack, users: list[dict[str, str]]) -> None:
    assert demo.is_loaded(stack.config, users)
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
    assert (len(drivers), len(vehicles)) == (9, 9)


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


def cards(stack: Stack, user: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The dispatcher's boards of yesterday, today and tomorrow: loaded about midnight, a trip is on another day's."""
    today = datetime.now(ZoneInfo("America/New_York")).date()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for days in (-1, 0, 1):
        board = asked(stack, user, f"/dispatch/board?day={today + timedelta(days=days)}")
        for column, those in board["columns"].items():
            found.setdefault(column, {}).update(
                {f"{each['charter_id']}/{each['vehicle_number']}": each for each in those}
            )
    return {column: list(each.values()) for column, each in found.items()}


def test_the_board_has_a_trip_in_every_column_but_that_of_vendors_without_a_driver(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    found = cards(stack, users[0])
    assert {column for column, those in found.items() if not those} == {"vendor"}
    assert {each["driver_name"] for each in found["completed"]} == {"Marcus Bell", "Iris Navarro"}
    assert asked(stack, users[0], "/dispatch/board")["columns"]["in_progress"]


def test_what_is_on_the_road_was_seen_just_now_and_has_left_its_first_stop(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    under_way = cards(stack, users[0])["in_progress"]
    assert {each["driver_name"] for each in under_way} == {"Emil Sand", "Yusuf Demir"}
    for card in under_way:
        seen = datetime.fromisoformat(card["position"]["recorded_at"])
        assert datetime.now(UTC) - seen < timedelta(hours=1)
        assert card["eta"] is not None
        job = asked(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["stops"][0]["departed_at"] is not None
        assert asked(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "in_progress"


def test_completed_trips_tell_when_their_vehicles_came_and_left(stack: Stack, users: list[dict[str, str]]) -> None:
    for card in cards(stack, users[0])["completed"]:
        job = asked(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["checked_out_at"] is not None
        assert all(stop["arrived_at"] for stop in job["stops"])
        assert all(stop["departed_at"] for stop in job["stops"][:-1])
        assert asked(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "completed"


def test_the_driver_has_a_trip_to_answer_and_one_for_the_day_after(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    own = sorted(asked(stack, lena, "/dispatch/assignments")["items"], key=lambda each: str(each["starts_at"]))
    assert {each["driver_name"] for each in own} == {"Lena Brandt"}
    assert [each["status"] for each in own[:2]] == ["offered", "accepted"]


def test_the_vendors_user_sees_the_trip_that_their_driver_runs(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")
    [own] = asked(stack, victor, "/dispatch/assignments")["items"]
    assert (own["driver_name"], own["vehicle_name"], own["status"]) == ("Otis Maddox", "Ridgeline 21", "accepted")
    charter = asked(stack, users[0], f"/charters/{own['charter_id']}")
    assert [(each["vendor_id"], each["driver_id"]) for each in charter["vehicles"]] == [
        (own["vendor_id"], own["driver_id"])
    ]


def test_a_broken_minibus_that_no_other_can_replace_is_up_to_the_dispatcher(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    def escalated() -> dict[str, Any] | None:
        found: list[dict[str, Any]] = asked(stack, users[0], "/dispatch/recoveries")["items"]
        return next((each for each in found if (each["status"], each["reason"]) == ("escalated", "breakdown")), None)

    told = eventually(escalated, 90, "the recovery did not end")
    assert (told["driver_name"], told["vehicle_name"], told["offers"]) == ("Grace Okafor", "Minibus 3", [])
    assert all(each["blocked_by"] for each in told["vehicles"])


def test_loading_again_doubles_nothing(stack: Stack, users: list[dict[str, str]]) -> None:
    lists = ("charters", "clients", "users", "vendors", "compliance", "bid-requests", "bids", "drivers", "vehicles")
    since = (datetime.now(UTC) - timedelta(days=2)).date()
    paths = [f"/{name}?limit=100" for name in (*lists, "dispatch/recoveries")]
    paths += [f"/dispatch/assignments?limit=100&date_from={since}"]
    paths += [f"/pricing/{name}?limit=100" for name in ("pricing-rules", "amenities", "promo-codes")]

    def known() -> list[list[str]]:
        return [[each["id"] for each in asked(stack, users[0], path)["items"]] for path in paths]

    before = known()
    assert demo.load_demo(stack.config) == users
    assert known() == before
