"""The demo data is loaded through the API, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
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
    """The answer to a GET of a user."""
    token = log_in(stack, user["organization"], user["email"], user["password"])
    return stack.http.get(path, headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()


@cache
def log_in(stack: Stack, organization: str, email: str, password: str) -> str:
    """The access token of a user, who logs in once."""
    credentials = {"organization": organization, "email": email, "password": password}
    return str(stack.http.post("/auth/login", json=credentials).raise_for_status().json()["access_token"])


def test_demo_user_of_each_role_can_log_in(stack: Stack, users: list[dict[str, str]]) -> None:
    assert demo.is_loaded(stack.config, users)
    for user in users:
        assert get_as(stack, user, "/auth/me")["role"] == user["role"]


def test_demo_charters_cover_every_status(stack: Stack, users: list[dict[str, str]]) -> None:
    by_status = get_as(stack, users[0], "/charters/dashboard-summary")["by_status"]
    assert all(status["count"] for status in by_status.values()), by_status


def test_demo_one_quote_is_blocked_by_hours_of_service(stack: Stack, users: list[dict[str, str]]) -> None:
    quoted = get_as(stack, users[0], "/charters?status=quote&limit=100")["items"]
    blocking = [w for each in quoted for w in each["quote"]["warnings"] if w["blocking"]]
    assert [warning["code"] for warning in blocking] == ["hours_of_service"]


def test_demo_quote_that_was_entered_by_address_has_places_and_miles(stack: Stack, users: list[dict[str, str]]) -> None:
    quoted = get_as(stack, users[0], "/charters?status=quote&limit=100")["items"]
    (charter,) = [each for each in quoted if each["notes"].startswith("Closing night")]
    assert all(stop["latitude"] and stop["timezone"] == "America/New_York" for stop in charter["stops"])
    assert (len(charter["road_legs"]), charter["quote"]["warnings"]) == (1, [])
    assert 4 < charter["miles"] < 12


def test_demo_second_organization_has_own_currency_and_charters(stack: Stack, users: list[dict[str, str]]) -> None:
    charters, other_charters = (get_as(stack, users[n], "/charters?limit=100")["items"] for n in (0, -1))
    assert {each["quote"]["currency"] for each in charters} == {"USD"}
    assert {each["quote"]["currency"] for each in other_charters} == {"CAD"}
    assert not {each["id"] for each in charters} & {each["id"] for each in other_charters}


def test_demo_driver_user_sees_own_compliant_driver(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    drivers_seen = get_as(stack, lena, "/drivers")["items"]
    assert [(each["first_name"], each["email"]) for each in drivers_seen] == [("Lena", lena["email"])]
    assert get_as(stack, lena, f"/drivers/{drivers_seen[0]['id']}")["is_compliant"]
    drivers, vehicles = (get_as(stack, users[0], f"/{kind}?limit=100")["items"] for kind in ("drivers", "vehicles"))
    assert (len(drivers), len(vehicles)) == (9, 9)


def test_demo_vendor_user_has_compliant_vendor(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")
    vendor_id = get_as(stack, victor, "/auth/me")["party_id"]
    vendor = get_as(stack, victor, f"/vendors/{vendor_id}")
    assert (vendor["business_name"], vendor["status"]) == ("Ridgeline Coaches", "active")
    assert get_as(stack, victor, f"/vendors/{vendor_id}/compliance/status")["is_compliant"]
    assert {each["vendor_id"] for each in get_as(stack, victor, "/bids")["items"]} == {vendor_id}
    assert {each["status"] for each in get_as(stack, users[0], "/vendors?limit=100")["items"]} == {"active", "pending"}


def test_demo_bid_requests_are_open_awarded_and_without_bids(stack: Stack, users: list[dict[str, str]]) -> None:
    victor = next(user for user in users if user["role"] == "vendor")

    def list_requests() -> dict[str, dict[str, Any]]:
        return {each["status"]: each for each in get_as(stack, users[0], "/bid-requests?limit=100")["items"]}

    requests = eventually(
        lambda: current if "no_bids" in (current := list_requests()) else None, 60, "no request ended without bids"
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


def test_demo_vehicles_have_downtimes_and_one_is_held(stack: Stack, users: list[dict[str, str]]) -> None:
    vehicles = {each["id"]: each["name"] for each in get_as(stack, users[0], "/vehicles?limit=100")["items"]}
    downtimes = {
        name: get_as(stack, users[0], f"/vehicles/{vehicle_id}/downtimes")["items"]
        for vehicle_id, name in vehicles.items()
    }
    assert {name for name, items in downtimes.items() if items} == {"Minibus 4", "Coach 9"}
    quoted = get_as(stack, users[0], "/charters?status=quote&limit=100")["items"]
    (charter,) = [each for each in quoted if each["notes"].startswith("Book club")]
    (hold,) = get_as(stack, users[0], f"/charters/{charter['id']}/holds")["items"]
    assert ([each["vehicle_name"] for each in hold["vehicles"]], hold["status"]) == (["Coach 9"], "active")


def list_board_cards(stack: Stack, user: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The cards on the boards of yesterday, today and tomorrow, by column: trips may start after midnight."""
    today = datetime.now(ZoneInfo("America/New_York")).date()
    columns: dict[str, dict[str, dict[str, Any]]] = {}
    for days in (-1, 0, 1):
        board = get_as(stack, user, f"/dispatch/board?day={today + timedelta(days=days)}")
        for column, column_cards in board["columns"].items():
            columns.setdefault(column, {}).update(
                {f"{each['charter_id']}/{each['vehicle_number']}": each for each in column_cards}
            )
    return {column: list(each.values()) for column, each in columns.items()}


def test_demo_board_fills_every_column_except_vendor(stack: Stack, users: list[dict[str, str]]) -> None:
    columns = list_board_cards(stack, users[0])
    assert {column for column, column_cards in columns.items() if not column_cards} == {"vendor"}
    assert {each["driver_name"] for each in columns["completed"]} == {"Marcus Bell", "Iris Navarro"}
    assert get_as(stack, users[0], "/dispatch/board")["columns"]["in_progress"]


def test_demo_trips_in_progress_have_recent_position_and_departure(stack: Stack, users: list[dict[str, str]]) -> None:
    under_way = list_board_cards(stack, users[0])["in_progress"]
    assert {each["driver_name"] for each in under_way} == {"Emil Sand", "Yusuf Demir"}
    for card in under_way:
        recorded_at = datetime.fromisoformat(card["position"]["recorded_at"])
        assert datetime.now(UTC) - recorded_at < timedelta(hours=1)
        assert card["eta"] is not None
        job = get_as(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["stops"][0]["departed_at"] is not None
        assert get_as(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "in_progress"


def test_demo_completed_trips_have_arrival_and_departure_times(stack: Stack, users: list[dict[str, str]]) -> None:
    for card in list_board_cards(stack, users[0])["completed"]:
        job = get_as(stack, users[0], f"/dispatch/assignments/{card['assignment_id']}")
        assert job["checked_out_at"] is not None
        assert all(stop["arrived_at"] for stop in job["stops"])
        assert all(stop["departed_at"] for stop in job["stops"][:-1])
        assert get_as(stack, users[0], f"/charters/{card['charter_id']}")["status"] == "completed"


def test_demo_driver_has_offered_and_accepted_trip(stack: Stack, users: list[dict[str, str]]) -> None:
    lena = next(user for user in users if user["role"] == "driver")
    assignments = sorted(get_as(stack, lena, "/dispatch/assignments")["items"], key=lambda each: str(each["starts_at"]))
    assert {each["driver_name"] for each in assignments} == {"Lena Brandt"}
    assert [each["status"] for each in assignments[:2]] == ["offered", "accepted"]


def test_demo_vendor_user_sees_assignment_of_own_driver(stack: Stack, users: list[dict[str, str]]) -> None:
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


def test_demo_breakdown_without_replacement_is_escalated(stack: Stack, users: list[dict[str, str]]) -> None:
    def find_escalated() -> dict[str, Any] | None:
        recoveries: list[dict[str, Any]] = get_as(stack, users[0], "/dispatch/recoveries")["items"]
        return next(
            (each for each in recoveries if (each["status"], each["reason"]) == ("escalated", "breakdown")), None
        )

    recovery = eventually(find_escalated, 90, "the recovery did not end")
    assert (recovery["driver_name"], recovery["vehicle_name"], recovery["offers"]) == ("Grace Okafor", "Minibus 3", [])
    assert all(each["blocked_by"] for each in recovery["vehicles"])


def test_load_demo_twice_creates_nothing(stack: Stack, users: list[dict[str, str]]) -> None:
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


def test_demo_leads_have_every_stage_and_an_agent(stack: Stack, users: list[dict[str, str]]) -> None:
    leads = get_as(stack, users[0], "/sales/leads?limit=100")["items"]
    assert {each["status"] for each in leads} >= {"new", "contacted", "qualified", "negotiating", "dead"}
    assert all(each["assigned_to_agent_id"] for each in leads)


def test_demo_proposal_offers_three_options_with_prices(stack: Stack, users: list[dict[str, str]]) -> None:
    [proposal] = get_as(stack, users[0], "/sales/proposals")["items"]
    assert (proposal["status"], proposal["choice"], len(proposal["items"])) == ("sent", "one", 3)
    for item in proposal["items"]:
        charter = get_as(stack, users[0], f"/charters/{item['charter_id']}")
        assert (charter["status"], charter["quote"]["total"] > 500) == ("quote", True)
        assert charter["quote_sent_at"] is not None
