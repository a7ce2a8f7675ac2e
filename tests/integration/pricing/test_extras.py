"""Routes that edit and retire promo codes and amenities."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.pricing import extras_service
from tests.integration.pricing.builders import COACH_BASE, ORG, calculate_quote, create_rule, get_line, send_request

SYSTEM = Caller.system("tests", ORG)
SPRING = {"code": "SPRING10", "percent": 10, "max_uses": 5}
WIFI = {"code": "wifi", "name": "Wifi", "amount": 50}


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, reply.text
    return dict(reply.json())


def list_warnings(quote: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in quote["warnings"]]


def count_use(code: str, max_uses: int | None = None) -> None:
    """Count a use of a promo code, as the acceptance of a quote does."""
    store.commit(SYSTEM, extras_service.use_promo_code_op(ORG, code, max_uses))


def test_update_of_promo_code_changes_only_later_quotes() -> None:
    create_rule(COACH_BASE)
    send_ok("POST", "/promo-codes", SPRING)
    earlier = calculate_quote(promo_code="SPRING10")
    updated = send_ok("PUT", "/promo-codes/SPRING10", {"percent": 20})
    assert (updated["percent"], updated["max_uses"], updated["version"]) == (20, 5, 2)
    assert get_line(calculate_quote(promo_code="spring10"), "promo")["amount"] == -70.3
    stored = send_ok("GET", f"/quotes/{earlier['id']}")
    assert get_line(stored, "promo")["amount"] == -35.15


def test_retired_promo_code_gives_new_quotes_no_discount() -> None:
    create_rule(COACH_BASE)
    send_ok("POST", "/promo-codes", SPRING)
    assert send_ok("PUT", "/promo-codes/SPRING10", {"active": False})["active"] is False
    quote = calculate_quote(promo_code="SPRING10")
    assert (list_warnings(quote), quote["discount"]) == (["promo_retired"], 0)
    send_ok("PUT", "/promo-codes/SPRING10", {"active": True})
    assert calculate_quote(promo_code="SPRING10")["discount"] == 35.15


def test_uses_left_follow_the_limit() -> None:
    send_ok("POST", "/promo-codes", SPRING)
    for _ in range(3):
        count_use("SPRING10", 5)
    assert send_ok("GET", "/promo-codes/SPRING10")["uses_left"] == 2
    assert send_ok("PUT", "/promo-codes/SPRING10", {"max_uses": 10})["uses_left"] == 7
    assert send_ok("PUT", "/promo-codes/SPRING10", {"max_uses": 2})["uses_left"] == 0
    assert send_ok("PUT", "/promo-codes/SPRING10", {"max_uses": None})["uses_left"] is None
    [listed] = send_ok("GET", "/promo-codes")["items"]
    assert listed["uses_left"] is None


def test_update_of_amenity_changes_only_later_quotes() -> None:
    create_rule(COACH_BASE)
    send_ok("POST", "/amenities", WIFI)
    earlier = calculate_quote(amenities=["wifi"])
    assert send_ok("PUT", "/amenities/wifi", {"amount": 65, "name": "Fast wifi"})["amount"] == 65
    line = get_line(calculate_quote(amenities=["wifi"]), "amenity")
    assert (line["public_label"], line["amount"]) == ("Fast wifi", 65)
    line = get_line(send_ok("GET", f"/quotes/{earlier['id']}"), "amenity")
    assert (line["public_label"], line["amount"]) == ("Wifi", 50)


def test_retired_amenity_keeps_its_price_and_adds_a_warning() -> None:
    create_rule(COACH_BASE)
    send_ok("POST", "/amenities", WIFI)
    send_ok("PUT", "/amenities/wifi", {"active": False})
    quote = calculate_quote(amenities=["wifi"])
    assert (list_warnings(quote), get_line(quote, "amenity")["amount"]) == (["amenity_retired"], 50)
    assert send_ok("GET", "/amenities")["items"][0]["active"] is False


@pytest.mark.parametrize(
    ("path", "created", "change"),
    [("/promo-codes", SPRING, {"percent": 15}), ("/amenities", WIFI, {"amount": 60})],
    ids=["promo-codes", "amenities"],
)
def test_update_has_history_and_respects_versions(path: str, created: dict[str, Any], change: dict[str, Any]) -> None:
    send_ok("POST", path, created)
    item = f"{path}/{created['code']}"
    assert send_request("PUT", item, change, headers={"If-Match": '"7"'}).status == 412
    send_ok("PUT", item, change, headers={"If-Match": '"1"'})
    entries = send_ok("GET", f"{item}/history")["items"]
    [[name, value]] = change.items()
    assert [(each["field"], each["new"]) for each in entries[1]["changes"]] == [(name, value)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/promo-codes/SPRING10", {"code": "SUMMER10"}),
        ("/promo-codes/SPRING10", {"amount": 5}),
        ("/promo-codes/SPRING10", {"max_uses": 0}),
        ("/amenities/wifi", {"code": "wlan"}),
        ("/amenities/wifi", {"name": ""}),
        ("/amenities/wifi", {"amount": -1}),
        ("/amenities/wifi", {"active": None}),
    ],
)
def test_invalid_update_is_refused(path: str, body: dict[str, Any]) -> None:
    send_ok("POST", "/promo-codes", SPRING)
    send_ok("POST", "/amenities", WIFI)
    before = send_ok("GET", path)
    assert send_request("PUT", path, body).status == 422
    assert send_ok("GET", path) == before


@pytest.mark.parametrize("path", ["/promo-codes/NOPE", "/amenities/nope"])
def test_unknown_code_is_not_found(path: str) -> None:
    assert send_request("GET", path).status == 404
    assert send_request("PUT", path, {"description": "x"}).status == 404
    assert send_request("GET", f"{path}/history").status == 404
