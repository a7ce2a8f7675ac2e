"""Ratings through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters.model import Charter, CharterQuote, Stop
from coachway.bookings.charters.rules import Status
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.ratings.model import RATING
from tests.entries import load
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG, OTHER, of_vendor, vendor
from tests.integration.client import Reply, call, token_for

api = load("ratings", "api").api


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found()


def ask(method: str, path: str = "", body: Any = None, **more: Any) -> Reply:
    token = more.pop("token", "") or token_for("ratings:read ratings:write")
    return call(api, method, f"/api/v1/ratings{path}", body, token=token, **more)


def charter(*vendor_ids: str, status: Status = Status.COMPLETED) -> str:
    now = clock.now()
    quote = CharterQuote(id="quo_1", lines=[], subtotal=0, discount=0, tax=0, total=0, currency="USD")
    made = Charter(
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
    store.commit(CALLER, Create(made))
    return made.id


def rating(vendor_id: str, charter_id: str, **more: Any) -> dict[str, Any]:
    return {"vendor_id": vendor_id, "charter_id": charter_id, "overall_rating": 4.5, **more}


def rated(overall: float = 4.5, vendor_id: str = "") -> dict[str, Any]:
    ven = vendor_id or vendor()["id"]
    reply = ask("POST", body=rating(ven, charter(ven), overall_rating=overall))
    assert reply.status == 201, reply.text
    return dict(reply.json())


def test_the_worked_example() -> None:
    ven = vendor()["id"]
    body = rating(
        ven,
        charter(ven),
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
    reply = ask("POST", body=body)
    assert reply.status == 201
    made = reply.json()
    assert {name: made[name] for name in body} == body
    assert (made["is_verified"], made["is_public"], made["vendor_response"]) == (True, True, None)


def test_only_a_completed_charter_that_the_vendor_ran_is_rated_and_once() -> None:
    ven, other = vendor()["id"], vendor()["id"]
    for status in (Status.QUOTE, Status.CONFIRMED, Status.IN_PROGRESS, Status.CANCELLED):
        assert ask("POST", body=rating(ven, charter(ven, status=status))).status == 409
    assert ask("POST", body=rating(other, charter(ven))).json()["title"] == "The vendor did not run this charter"
    assert ask("POST", body=rating(ven, charter())).status == 409
    assert ask("POST", body=rating(ven, ids.new("chr"))).status == 404
    assert ask("POST", body=rating(ids.new("ven"), charter(ven))).status == 404
    done = charter(ven)
    assert ask("POST", body=rating(ven, done)).status == 201
    assert ask("POST", body=rating(ven, done)).status == 409


def test_each_vendor_of_a_charter_is_rated_for_its_part() -> None:
    one, two = vendor()["id"], vendor()["id"]
    done = charter(one, two)
    assert [ask("POST", body=rating(each, done)).status for each in (one, two, one)] == [201, 201, 409]


@pytest.mark.parametrize("points", [0.5, 5.5, 4.25, 0, "5", None])
def test_points_are_halves_from_one_to_five(points: Any) -> None:
    body = rating(ids.new("ven"), ids.new("chr"), overall_rating=points)
    assert ask("POST", body=body).status == 422


def test_a_vendor_answers_once() -> None:
    ven = vendor()["id"]
    made = rated(vendor_id=ven)
    path, body = f"/{made['id']}/respond", {"vendor_response": "Thank you"}
    assert ask("POST", path, body, token=of_vendor(vendor()["id"])).status == 404
    first = ask("POST", path, body, token=of_vendor(ven))
    assert (first.status, first.json()["vendor_response"]) == (200, "Thank you")
    assert first.json()["vendor_responded_at"] is not None
    assert ask("POST", path, body, token=of_vendor(ven)).status == 409
    assert ask("POST", path, {"vendor_response": "  "}, token=of_vendor(ven)).status == 422
    assert ask("POST", path, body, token=token_for("ratings:write", org_id=OTHER)).status == 404


def test_lists_are_newest_first_and_filtered() -> None:
    ven = vendor()["id"]
    low, high = rated(2.5, ven), rated(5.0, ven)
    other = rated(4.5)

    def found(token: str = "", **query: str) -> list[str]:
        return [each["id"] for each in ask("GET", query=query, token=token).json()["items"]]

    assert found() == [other["id"], high["id"], low["id"]]
    assert found(min_rating="4.5") == [other["id"], high["id"]]
    assert found(min_rating="4.6") == [high["id"]]
    assert found(vendor_id=ven) == [high["id"], low["id"]]
    assert found(vendor_id=ven, min_rating="3") == [high["id"]]
    assert found(charter_id=other["charter_id"]) == [other["id"]]
    assert found(charter_id=other["charter_id"], vendor_id=ven) == []
    assert found(of_vendor(ven)) == [high["id"], low["id"]]
    assert found(of_vendor(ven), charter_id=other["charter_id"]) == []
    assert ask("GET", query={"vendor_id": other["vendor_id"]}, token=of_vendor(ven)).status == 404
    assert found(token_for("ratings:read", org_id=OTHER), vendor_id=ven) == []


def test_nobody_without_the_permission_gets_in() -> None:
    made = rated()
    for method, path, body in [
        ("POST", "", rating(made["vendor_id"], made["charter_id"])),
        ("GET", "", None),
        ("POST", f"/{made['id']}/respond", {"vendor_response": "x"}),
    ]:
        assert call(api, method, f"/api/v1/ratings{path}", body).status == 401
        assert ask(method, path, body, token=token_for("pricing:read")).status == 403
    body = rating(made["vendor_id"], made["charter_id"])
    assert ask("POST", "", body, token=of_vendor(made["vendor_id"])).status == 403


def test_a_rating_tells_what_statistics_count() -> None:
    made = rated()
    found = store.history(RATING.key(org=ORG, id=made["id"]))
    assert [each.type for each in found] == ["vendor.rated"]
    assert found[0].data["overall_rating"] == 4.5
