"""Ratings through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters.model import Charter, CharterQuote
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.trip_model import Stop
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.ratings.model import RATING
from tests.integration.client import Reply, call, token_for
from tests.integration.vendor_builders import (
    CALLER,
    ORG,
    OTHER_ORG,
    create_organizations,
    create_vendor,
    create_vendor_token,
)
from tools.function_modules import load

ratings_api = load("ratings", "api").api


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def send_request(method: str, path: str = "", body: Any = None, **more: Any) -> Reply:
    """Send a request to `/ratings` + `path`; as staff by default."""
    token = more.pop("token", "") or token_for("ratings:read ratings:write")
    return call(ratings_api, method, f"/api/v1/ratings{path}", body, token=token, **more)


def create_charter(*vendor_ids: str, status: CharterStatus = CharterStatus.COMPLETED) -> str:
    """Create a charter that these vendors ran; returns its id."""
    now = clock.now()
    quote = CharterQuote(id="quo_1", lines=[], subtotal=0, discount=0, tax=0, total=0, currency="USD")
    charter = Charter(
        id=ids.new("chr"),
        org_id=ORG,
        client_id=ids.new("cli"),
        trip_type="one_way",
        vehicle_class="coach",
        passengers=40,
        stops=[Stop(address="A"), Stop(address="B")],
        miles=130,
        timezone="America/New_York",
        trip_date=now.date(),
        starts_at=now,
        ends_at=now,
        quote=quote,
        status=status,
        vendor_id=vendor_ids[0] if vendor_ids else None,
        vendor_ids=list(vendor_ids),
    )
    store.commit(CALLER, Create(charter))
    return charter.id


def rating_body(vendor_id: str, charter_id: str, **fields: Any) -> dict[str, Any]:
    return {"vendor_id": vendor_id, "charter_id": charter_id, "overall_rating": 4.5, **fields}


def create_rating(overall: float = 4.5, vendor_id: str = "") -> dict[str, Any]:
    """Create a rating for a new charter, and a vendor if no id is given."""
    vendor_id = vendor_id or create_vendor()["id"]
    reply = send_request("POST", body=rating_body(vendor_id, create_charter(vendor_id), overall_rating=overall))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def test_rate_vendor_returns_all_fields() -> None:
    vendor_id = create_vendor()["id"]
    body = rating_body(
        vendor_id,
        create_charter(vendor_id),
        vehicle_condition_rating=5.0,
        driver_professionalism_rating=4.5,
        on_time_performance_rating=4.0,
        communication_rating=5.0,
        value_for_money_rating=4.5,
        review_title="Excellent Service!",
        review_text="The coach was in pristine condition...",
        would_recommend=True,
        would_use_again=True,
    )
    reply = send_request("POST", body=body)
    assert reply.status == 201
    rating = reply.json()
    assert {name: rating[name] for name in body} == body
    assert (rating["is_verified"], rating["is_public"], rating["vendor_response"]) == (True, True, None)


@pytest.mark.parametrize(
    "status", [CharterStatus.QUOTE, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS, CharterStatus.CANCELLED]
)
def test_rate_vendor_before_the_charter_is_completed_returns_409(status: CharterStatus) -> None:
    vendor_id = create_vendor()["id"]
    reply = send_request("POST", body=rating_body(vendor_id, create_charter(vendor_id, status=status)))
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_ratable")


def test_rate_vendor_that_did_not_run_the_charter_returns_409() -> None:
    vendor_id, other_id = create_vendor()["id"], create_vendor()["id"]
    reply = send_request("POST", body=rating_body(other_id, create_charter(vendor_id)))
    assert reply.json()["title"] == "The vendor did not run this charter"
    assert send_request("POST", body=rating_body(vendor_id, create_charter())).status == 409


def test_rate_vendor_with_an_unknown_vendor_or_charter_returns_404() -> None:
    vendor_id = create_vendor()["id"]
    assert send_request("POST", body=rating_body(vendor_id, ids.new("chr"))).status == 404
    assert send_request("POST", body=rating_body(ids.new("ven"), create_charter(vendor_id))).status == 404


def test_rate_vendor_twice_for_a_charter_returns_409() -> None:
    vendor_id = create_vendor()["id"]
    charter_id = create_charter(vendor_id)
    assert send_request("POST", body=rating_body(vendor_id, charter_id)).status == 201
    assert send_request("POST", body=rating_body(vendor_id, charter_id)).status == 409


def test_rate_vendor_of_a_charter_with_two_vendors_rates_each_once() -> None:
    first, second = create_vendor()["id"], create_vendor()["id"]
    charter_id = create_charter(first, second)
    replies = [send_request("POST", body=rating_body(each, charter_id)) for each in (first, second, first)]
    assert [reply.status for reply in replies] == [201, 201, 409]


@pytest.mark.parametrize("points", [0.5, 5.5, 4.25, 0, "5", None])
def test_rate_vendor_with_an_invalid_rating_returns_422(points: Any) -> None:
    body = rating_body(ids.new("ven"), ids.new("chr"), overall_rating=points)
    assert send_request("POST", body=body).status == 422


def test_respond_to_rating_is_possible_once_and_only_for_its_vendor() -> None:
    vendor_id = create_vendor()["id"]
    rating = create_rating(vendor_id=vendor_id)
    path, body = f"/{rating['id']}/respond", {"vendor_response": "Thank you"}
    assert send_request("POST", path, body, token=create_vendor_token(create_vendor()["id"])).status == 404
    reply = send_request("POST", path, body, token=create_vendor_token(vendor_id))
    assert (reply.status, reply.json()["vendor_response"]) == (200, "Thank you")
    assert reply.json()["vendor_responded_at"] is not None
    assert send_request("POST", path, body, token=create_vendor_token(vendor_id)).status == 409
    assert send_request("POST", path, {"vendor_response": "  "}, token=create_vendor_token(vendor_id)).status == 422
    assert send_request("POST", path, body, token=token_for("ratings:write", org_id=OTHER_ORG)).status == 404


def test_list_ratings_returns_newest_first_and_filters() -> None:
    vendor_id = create_vendor()["id"]
    low, high = create_rating(2.5, vendor_id), create_rating(5.0, vendor_id)
    other = create_rating(4.5)

    def list_ids(token: str = "", **query: str) -> list[str]:
        return [rating["id"] for rating in send_request("GET", query=query, token=token).json()["items"]]

    assert list_ids() == [other["id"], high["id"], low["id"]]
    assert list_ids(min_rating="4.5") == [other["id"], high["id"]]
    assert list_ids(min_rating="4.6") == [high["id"]]
    assert list_ids(vendor_id=vendor_id) == [high["id"], low["id"]]
    assert list_ids(vendor_id=vendor_id, min_rating="3") == [high["id"]]
    assert list_ids(charter_id=other["charter_id"]) == [other["id"]]
    assert list_ids(charter_id=other["charter_id"], vendor_id=vendor_id) == []
    vendor_token = create_vendor_token(vendor_id)
    assert list_ids(vendor_token) == [high["id"], low["id"]]
    assert list_ids(vendor_token, charter_id=other["charter_id"]) == []
    assert send_request("GET", query={"vendor_id": other["vendor_id"]}, token=vendor_token).status == 404
    assert list_ids(token_for("ratings:read", org_id=OTHER_ORG), vendor_id=vendor_id) == []


def test_routes_without_the_permission_are_refused() -> None:
    rating = create_rating()
    body = rating_body(rating["vendor_id"], rating["charter_id"])
    for method, path, request_body in [
        ("POST", "", body),
        ("GET", "", None),
        ("POST", f"/{rating['id']}/respond", {"vendor_response": "x"}),
    ]:
        assert call(ratings_api, method, f"/api/v1/ratings{path}", request_body).status == 401
        assert send_request(method, path, request_body, token=token_for("pricing:read")).status == 403
    assert send_request("POST", "", body, token=create_vendor_token(rating["vendor_id"])).status == 403


def test_rate_vendor_publishes_the_ratings_for_statistics() -> None:
    rating = create_rating()
    [event] = store.list_history(RATING.key(org=ORG, id=rating["id"]))
    assert (event.type, event.data["overall_rating"]) == ("vendor.rated", 4.5)
