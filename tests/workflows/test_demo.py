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


def get_as(stack: Stack, user: dict[str, str], path: str) -> Any:
    """What a user is answered."""
    credentials = {name: user[name] for name in ("organization", "email", "password")}
    token = stack.http.post("/auth/login", json=credentials).raise_for_status().json()["access_token"]
    return stack.http.get(path, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()


def test_somebody_of_every_role_can_log_in(stack: Stack, users: list[dict[str, str]]) -> None:
    assert demo.is_loaded(stack.config, users)
    for user in users:
        assert get_as(stack, user, "/auth/me")["role"] == user["role"]


def test_there_are_charters_in_every_state(stack: Stack, users: list[dict[str, str]]) -> None:
    by_status = get_as(stack, users[0], "/charters/dashboard-summary")["by_status"]
    assert all(status["count"] for status in by_status.values()), by_status


def test_one_quote_cannot_be_booked_as_it_is(stack: Stack, users: list[dict[str, str]]) -> None:
    quoted = get_as(stack, users[0], "/charters?status=quote&limit=100")["items"]
    blocking = [w for each in quoted for w in each["quote"]["warnings"] if w["blocking"]]
    assert [warning["code"] for warning in blocking] == ["hours_of_service"]


def test_the_other_organization_has_another_currency_and_its_own_things(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    charters, other_charters = (get_as(stack, users[n], "/charters?limit=100")["items"] for n in (0, -1))
    assert {each["quote"]["currency"] for each in charters} == {"USD"}
    assert {each["quote"]["currency"] for each in other_charters} == {"CAD"}
    assert not {each["id"] for each in charters} & {each["id"] for each in other_charters}


def test_the_driver_who_logs_in_is_one_of_the_fleet(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    drivers_seen = get_as(stack, lena, "/drivers")["items"]
    assert [(each["first_name"], each["email"]) for each in drivers_seen] == [("Lena", lena["email"])]
    assert get_as(stack, lena, f"/drivers/{drivers_seen[0]['id']}")["is_compliant"]
    drivers, vehicles = (get_as(stack, users[0], f"/{kind}?limit=100")["items"] for kind in ("drivers", "vehicles"))
    assert (len(drivers), len(vehicles)) == (9, 9)


def test_the_vendors_user_has_an_approved_vendor_with_its_papers(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")
    vendor_id = get_as(stack, victor, "/auth/me")["party_id"]
    vendor = get_as(stack, victor, f"/vendors/{vendor_id}")
    assert (vendor["business_name"], vendor["status"]) == ("Ridgeline Coaches", "active")
    assert get_as(stack, victor, f"/vendors/{vendor_id}/compliance/status")["is_compliant"]
    assert {each["vendor_id"] for each in get_as(stack, victor, "/bids")["items"]} == {vendor_id}
    assert {each["status"] for each in get_as(stack, users[0], "/vendors?limit=100")["items"]} == {"active", "pending"}


def test_vendors_bid_for_trips_sealed_awarded_and_in_vain(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")

    def list_requests() -> dict[str, dict[str, Any]]:
        return {each["status"]: each for each in get_as(stack, users[0], "/bid-requests?limit=100")["items"]}

    requests = eventually(
        lambda: current if "no_bids" in (current := list_requests()) else None, 60, "nobody was told of no bids"
    )
    assert set(requests) == {"open", "awarded", "no_bids"}
    sealed = get_as(stack, users[0], f"/bids?charter_id={requests['open']['charter_id']}")["items"]
    assert [(each["quoted_price"], each["rank"]) for each in sealed] == [(None, None)] * 2
    prices = [bid["quoted_price"] for bid in get_as(stack, victor, "/bids")["items"] if bid["is_sealed"]]
    assert prices == [2240.0]
    charter = get_as(stack, users[0], f"/charters/{requests['awarded']['charter_id']}")
    assert (charter["status"], charter["vendor_ids"]) == ("confirmed", [get_as(stack, victor, "/auth/me")["party_id"]])
    bids = get_as(stack, users[0], f"/bids?charter_id={charter['id']}")["items"]
    assert sorted(each["status"] for each in bids) == ["accepted", "rejected", "rejected"]


def list_board_cards(stack: Stack, user: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The dispatcher's boards of yesterday, today and tomorrow: loaded about midnight, a trip is on another day's."""
    today = datetime.now(ZoneInfo("America/New_York")).date()
    columns: dict[str, dict[str, dict[str, Any]]] = {}
    for days in (-1, 0, 1):
        board = get_as(stack, user, f"/dispatch/board?day={today + timedelta(days=days)}")
        for column, column_cards in board["columns"].items():
            columns.setdefault(column, {}).update(
                {f"{each['charter_id']}/{each['vehicle_number']}": each for each in column_cards}
            )
    return {column: list(each.values()) for column, each in columns.items()}


def test_the_board_has_a_trip_in_every_column_but_that_of_vendors_without_a_driver(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    columns = list_board_cards(stack, users[0])
    assert {column for column, column_cards in columns.items() if not column_cards} == {"vendor"}
    assert {each["driver_name"] for each in columns["completed"]} == {"Marcus Bell", "Iris Navarro"}
    assert get_as(stack, users[0], "/dispatch/board")["columns"]["in_progress"]


def test_what_is_on_the_road_was_seen_just_now_and_has_left_its_first_stop(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    under_way = list_board_cards(stack, users[0])["in_progress"]
    assert {each["driver_name"] for each in under_way} == {"Emil Sand", "Yusuf Demir"}
    for card in under_way:
        seen = datetime.fromisoformat(card["position"]["recorded_at"])
        assert datetime.now(UTC) - seen < timedelta(hours=1)
        assert card["eta"] is not None
        job = get_as(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["stops"][0]["departed_at"] is not None
        assert get_as(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "in_progress"


def test_completed_trips_tell_when_their_vehicles_came_and_left(stack: Stack, users: list[dict[str, str]]) -> None:
    for card in list_board_cards(stack, users[0])["completed"]:
        job = get_as(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["checked_out_at"] is not None
        assert all(stop["arrived_at"] for stop in job["stops"])
        assert all(stop["departed_at"] for stop in job["stops"][:-1])
        assert get_as(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "completed"


def test_the_driver_has_a_trip_to_answer_and_one_for_the_day_after(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    assignments = sorted(get_as(stack, lena, "/dispatch/assignments")["items"], key=lambda each: str(each["starts_at"]))
    assert {each["driver_name"] for each in assignments} == {"Lena Brandt"}
    assert [each["status"] for each in assignments[:2]] == ["offered", "accepted"]


def test_the_vendors_user_sees_the_trip_that_their_driver_runs(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")
    [assignment] = get_as(stack, victor, "/dispatch/assignments")["items"]
    assert (assignment["driver_name"], assignment["vehicle_name"], assignment["status"]) == (
        "Otis Maddox",
        "Ridgeline 21",
        "accepted",
    )
    charter = get_as(stack, users[0], f"/charters/{assignment['charter_id']}")
    assert [(each["vendor_id"], each["driver_id"]) for each in charter["vehicles"]] == [
        (assignment["vendor_id"], assignment["driver_id"])
    ]


def test_a_broken_minibus_that_no_other_can_replace_is_up_to_the_dispatcher(
    stack: Stack, users: list[dict[str, str]]
) -> None:
    def find_escalated() -> dict[str, Any] | None:
        recoveries: list[dict[str, Any]] = get_as(stack, users[0], "/dispatch/recoveries")["items"]
        return next(
            (each for each in recoveries if (each["status"], each["reason"]) == ("escalated", "breakdown")), None
        )

    recovery = eventually(find_escalated, 90, "the recovery did not end")
    assert (recovery["driver_name"], recovery["vehicle_name"], recovery["offers"]) == ("Grace Okafor", "Minibus 3", [])
    assert all(each["blocked_by"] for each in recovery["vehicles"])


def test_loading_again_doubles_nothing(stack: Stack, users: list[dict[str, str]]) -> None:
    lists = ("charters", "clients", "users", "vendors", "compliance", "bid-requests", "bids", "drivers", "vehicles")
    since = (datetime.now(UTC) - timedelta(days=2)).date()
    paths = [f"/{name}?limit=100" for name in (*lists, "dispatch/recoveries")]
    paths += [f"/dispatch/assignments?limit=100&date_from={since}"]
    paths += [f"/pricing/{name}?limit=100" for name in ("pricing-rules", "amenities", "promo-codes")]

    def list_ids() -> list[list[str]]:
        return [[each["id"] for each in get_as(stack, users[0], path)["items"]] for path in paths]

    before = list_ids()
    assert demo.load_demo(stack.config) == users
    assert list_ids() == before
