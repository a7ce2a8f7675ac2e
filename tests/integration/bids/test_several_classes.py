"""Bids for charters with vehicles of several classes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from coachway.bids.requests.invitation_links import PURPOSE
from coachway.core.auth import signed_links
from tests.integration.bids.builders import (
    assign_own_driver,
    bid_body,
    close_bid_request,
    create_booked_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    decide_bid_request,
    get_charter,
    list_invitations,
    open_bid_request,
    send_ok,
    send_request,
)
from tests.integration.bids.test_page import FORM, InvitedVendor, page_api
from tests.integration.bookings.builders import ORG
from tests.integration.client import call

COACH_AND_MINIBUSES = [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}]
MIXED: dict[str, Any] = {"vehicle_groups": COACH_AND_MINIBUSES, "vehicle_count": 3, "passengers": 100}
BOTH: dict[str, Any] = {"vehicle_types": ["coach", "minibus"], "max_passenger_capacity": 56}
MINIBUS: dict[str, Any] = {"vehicle_type": "minibus", "passenger_capacity": 30}


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def accept(bid: dict[str, Any]) -> Any:
    return send_request("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})


def test_vendors_with_a_vehicle_of_one_class_are_invited() -> None:
    trip = create_booked_charter(**MIXED)
    coaches = create_vendor("Coaches", vehicle_types=["coach"], max_passenger_capacity=56)
    minibuses = create_vendor("Minibuses", vehicle_types=["minibus"], max_passenger_capacity=30)
    small = create_vendor("Small", vehicle_types=["minibus"], max_passenger_capacity=27)
    vans = create_vendor("Vans", vehicle_types=["van"], max_passenger_capacity=56)
    request = open_bid_request(trip["id"])
    assert (request["vehicle_count"], request["vehicle_groups"]) == (3, COACH_AND_MINIBUSES)
    assert {each.vendor_id for each in list_invitations(request["id"])} == {coaches, minibuses}
    reasons = {
        each["vendor_id"]: each["reasons"] for each in send_ok("GET", f"/bid-requests/{request['id']}")["vendors"]
    }
    assert reasons[small] == ["Largest vehicle seats 27, the trip needs 28"]
    assert reasons[vans] == ["Has no vehicle of class coach or minibus"]


def test_request_for_the_rest_invites_vendors_of_the_class_that_is_left() -> None:
    trip = create_booked_charter(**MIXED)
    assign_own_driver(trip["id"], vehicle=1)
    coaches = create_vendor("Coaches", vehicle_types=["coach"], max_passenger_capacity=56)
    minibuses = create_vendor("Minibuses", vehicle_types=["minibus"], max_passenger_capacity=30)
    request = open_bid_request(trip["id"])
    assert (request["vehicle_count"], request["vehicle_groups"]) == (2, [])
    assert [each.vendor_id for each in list_invitations(request["id"])] == [minibuses]
    refused = send_request("POST", "/bids", bid_body(trip["id"]), vendor_id=coaches)
    assert (refused.status, "still needs 0 of 1" in refused.text) == (409, True)


def test_vendor_bids_for_each_class_once() -> None:
    trip, vendor = create_booked_charter(**MIXED), create_vendor(**BOTH)
    coach = create_submitted_bid(trip["id"], vendor, 1200)
    minibuses = create_submitted_bid(trip["id"], vendor, 1500, **MINIBUS)
    assert [coach["vehicle_count"], minibuses["vehicle_count"]] == [1, 2]
    assert [coach["rank"], minibuses["rank"]] == [1, 1]
    again = send_request("POST", "/bids", bid_body(trip["id"], 900, **MINIBUS), vendor_id=vendor)
    assert (again.status, again.json()["code"]) == (409, "already_exists")
    send_ok("POST", f"/bids/{minibuses['id']}/withdraw", vendor_id=vendor)
    assert create_submitted_bid(trip["id"], vendor, 900, **MINIBUS)["rank"] == 1
    van = send_request("POST", "/bids", bid_body(trip["id"], vehicle_type="van"), vendor_id=vendor)
    assert (van.status, "needs coach or minibus" in van.text) == (409, True)
    too_small = send_request(
        "POST", "/bids", bid_body(trip["id"], **{**MINIBUS, "passenger_capacity": 27}), vendor_id=create_vendor(**BOTH)
    )
    assert (too_small.status, "seats 27, the trip needs 28" in too_small.text) == (409, True)


def test_two_bids_of_a_vendor_for_one_class_at_once_create_one() -> None:
    trip, vendor = create_booked_charter(**MIXED), create_vendor(**BOTH)

    def bid(kind: str) -> int:
        fields = MINIBUS if kind == "minibus" else {}
        return send_request("POST", "/bids", bid_body(trip["id"], **fields), vendor_id=vendor).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(bid, ["minibus", "coach", "minibus", "coach"]))
    assert sorted(statuses) == [201, 201, 409, 409]
    assert len(send_ok("GET", "/bids", vendor_id=vendor)["items"]) == 2


def test_bids_get_vehicles_of_their_class() -> None:
    trip = create_booked_charter(**MIXED)
    first, second, third = create_vendor("One", **BOTH), create_vendor("Two", **BOTH), create_vendor("Three", **BOTH)
    one_minibus = create_submitted_bid(trip["id"], first, 700, **MINIBUS, vehicle_count=1)
    coach = create_submitted_bid(trip["id"], first, 1200)
    both_minibuses = create_submitted_bid(trip["id"], second, 1500, **MINIBUS)
    last_minibus = create_submitted_bid(trip["id"], third, 720, **MINIBUS, vehicle_count=1)
    assert accept(one_minibus).json()["vehicles_awarded"] == [2]
    too_many = accept(both_minibuses)
    assert (too_many.status, too_many.json()["code"]) == (409, "too_few_vehicles_left")
    assert "1 of 2 vehicles" in too_many.text
    assert accept(coach).json()["vehicles_awarded"] == [1]
    assert get_charter(trip["id"])["status"] == "booked"
    assert accept(last_minibus).json()["vehicles_awarded"] == [3]
    covered = get_charter(trip["id"])
    assert covered["status"] == "confirmed"
    assert [(each["vehicle"], each["vendor_id"]) for each in covered["vehicles"]] == [
        (1, first),
        (2, first),
        (3, third),
    ]
    assert send_ok("GET", f"/bids/{both_minibuses['id']}")["status"] == "rejected"


def test_two_awards_of_one_class_at_once_give_one_vendor_the_vehicle() -> None:
    trip = create_booked_charter(**MIXED)
    bids = [create_submitted_bid(trip["id"], create_vendor(name, **BOTH)) for name in ("One", "Two", "Three")]
    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda bid: accept(bid).status, bids))
    assert sorted(statuses) == [200, 409, 409]
    assert [each["vehicle"] for each in get_charter(trip["id"])["vehicles"]] == [1]


@pytest.mark.parametrize(
    ("has_coach", "target", "step"), [(True, 3000, "settle"), (True, 2999, "ask"), (False, 9000, "ask")]
)
def test_automatic_award_needs_cheap_bids_for_all_classes(has_coach: bool, target: int, step: str) -> None:
    trip, vendor = create_booked_charter(**MIXED), create_vendor(is_preferred=True, **BOTH)
    request = open_bid_request(trip["id"], vendor, target_price=target)
    create_submitted_bid(trip["id"], vendor, 1500, **MINIBUS)
    if has_coach:
        create_submitted_bid(trip["id"], vendor, 1200)
    close_bid_request(request["id"])
    assert decide_bid_request(request["id"]).go == step
    assert get_charter(trip["id"])["status"] == ("confirmed" if step == "settle" else "booked")


def test_comparison_ranks_each_class_and_names_the_groups() -> None:
    trip = create_booked_charter(**MIXED)
    vendors = [create_vendor(name, **BOTH) for name in ("One", "Two")]
    for price, vendor in zip((1300, 1200), vendors, strict=True):
        create_submitted_bid(trip["id"], vendor, price)
        create_submitted_bid(trip["id"], vendor, 2 * price, **MINIBUS)
    comparison = send_ok("GET", f"/charters/{trip['id']}/bids/comparison")
    assert comparison["vehicle_groups"] == COACH_AND_MINIBUSES
    ranks = [(each["vehicle_type"], each["rank"], each["vendor_id"]) for each in comparison["bids"]]
    assert ranks == [
        ("coach", 1, vendors[1]),
        ("coach", 2, vendors[0]),
        ("minibus", 1, vendors[1]),
        ("minibus", 2, vendors[0]),
    ]


class MixedInvitation(InvitedVendor):
    """A vendor with the link of its invitation to bid for vehicles of two classes."""

    def __init__(self) -> None:
        self.vendor_id = create_vendor("Premium", **BOTH)
        self.charter_id = create_booked_charter(**MIXED)["id"]
        self.request_id = str(open_bid_request(self.charter_id, self.vendor_id)["id"])
        self.token = self.build_token()

    def list_types(self) -> list[tuple[str, str, int]]:
        bids = send_ok("GET", "/bids", vendor_id=self.vendor_id)["items"]
        return sorted((bid["vehicle_type"], bid["status"], bid["vehicle_count"]) for bid in bids)


def test_bid_page_takes_a_bid_for_each_class() -> None:
    vendor = MixedInvitation()
    page = vendor.get_page()
    assert 'value="coach"' in page
    assert "2 × Minibus</label>" in page
    missing = vendor.post("bid", **FORM)
    assert (missing.status, "Choose the vehicles that you bid for." in missing.text) == (422, True)
    assert vendor.post("bid", **FORM, vehicle_type="van").status == 422
    assert vendor.post("bid", **FORM, vehicle_type="coach").status == 303
    page = vendor.get_page()
    assert "You bid $1,250.50 for Coach." in page
    assert 'value="coach" required' not in page
    minibus_form = {"quoted_price": "1500", "passenger_capacity": "30", "vehicle_type": "minibus"}
    too_many = vendor.post("bid", **minibus_form, vehicle_count="3")
    assert (too_many.status, "Enter a number from 1 to 2." in too_many.text) == (422, True)
    assert [vendor.post("bid", **minibus_form).status for _ in range(2)] == [303, 303]
    assert vendor.list_types() == [("coach", "submitted", 1), ("minibus", "submitted", 2)]
    page = vendor.get_page()
    assert "You bid $1,500.00 for 2 × Minibus." in page
    assert "Submit bid" not in page
    assert "Withdraw the bid for Coach" in page
    assert vendor.post("withdraw", vehicle_type="coach").status == 303
    assert vendor.post("withdraw", vehicle_type="coach").status == 409
    assert vendor.post("withdraw").status == 409
    assert vendor.list_types() == [("coach", "withdrawn", 1), ("minibus", "submitted", 2)]
    assert "Submit bid" in vendor.get_page()


def test_bid_page_shows_the_decision_on_each_bid() -> None:
    vendor = MixedInvitation()
    vendor.post("bid", **FORM, vehicle_type="coach")
    vendor.post("bid", **FORM, vehicle_type="minibus")
    close_bid_request(vendor.request_id)
    coach, minibus = sorted(send_ok("GET", "/bids")["items"], key=lambda bid: str(bid["vehicle_type"]))
    assert accept(coach).status == 200
    send_ok("POST", f"/bids/{minibus['id']}/reject", {"reason": "x", "message_to_vendor": "We have minibuses."})
    page = call(page_api, "GET", f"/pages/bids/{vendor.token}").text
    assert "You run this trip for $1,250.50 for Coach." in page
    assert "We have minibuses." in page


def test_invitation_names_the_vehicles() -> None:
    vendor = MixedInvitation()
    [invitation] = list_invitations(vendor.request_id)
    assert signed_links.create_link_token(PURPOSE, ORG, invitation.id, invitation.nonce) == vendor.token
    assert "Coach, 2 × Minibus" in vendor.get_page()
