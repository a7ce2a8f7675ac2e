"""Creating charters: numbers, prices, validation, hours of service and idempotency."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.bookings.charters import queries
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.identity import organization_queries
from coachway.identity.model.organization import HoursPolicy
from coachway.pricing import rule_service
from coachway.pricing.rule_model import RuleInput
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    charter_request,
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
    stops_with_driving_hours,
)
from tests.integration.client import call, token_for
from tools.function_modules import load

clients = load("clients", "api").api
pricing = load("pricing", "api").api


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def test_create_charter_assigns_number_and_price() -> None:
    charter = create_charter()
    assert charter["number"] == "CH-2027-000001"
    assert (charter["status"], charter["revision_number"], charter["version"]) == ("quote", 1, 1)
    assert charter["quote"]["total"] == 350 + 130 * 2.5 + 1.3
    assert [line["kind"] for line in charter["quote"]["lines"]] == ["base_rate", "mileage_rate", "fuel_surcharge"]
    assert charter["trip_date"] == "2027-03-03"
    assert charter["timezone"] == "America/New_York"
    assert charter["stops"][1]["timezone"] == "America/New_York"
    assert charter["quote"]["warnings"] == []
    assert "org_id" not in charter


def test_charter_numbers_are_gapless_per_trip_year() -> None:
    stops = stops_with_driving_hours(3)
    stops[0]["estimated_departure"] = "2028-03-03T09:00:00-05:00"
    stops[1]["estimated_arrival"] = "2028-03-03T12:00:00-05:00"
    numbers = [create_charter()["number"], create_charter(stops=stops)["number"], create_charter()["number"]]
    assert numbers == ["CH-2027-000001", "CH-2028-000001", "CH-2027-000002"]
    assert send_request("POST", "/charters", charter_request(client_id="cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T")).status == 404
    assert create_charter()["number"] == "CH-2027-000003"


def test_create_charter_estimates_missing_miles() -> None:
    charter = create_charter(miles=None)
    assert charter["miles_estimated"] is True
    assert 110 < charter["miles"] < 130


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stops": stops_with_driving_hours(3)[:1]}, "stops"),
        ({"passengers": 0}, "passengers"),
        ({"client_id": "x"}, "client_id"),
        ({"trip_type": "sideways"}, "trip_type"),
        ({"unknown": 1}, "unknown"),
        (
            {"stops": [stops_with_driving_hours(3)[0], {**stops_with_driving_hours(3)[1], "latitude": 91}]},
            "stops.1.latitude",
        ),
        (
            {"stops": [stops_with_driving_hours(3)[0], {**stops_with_driving_hours(3)[1], "latitude": None}]},
            "stops.1.latitude",
        ),
        (
            {
                "stops": [
                    stops_with_driving_hours(3)[0],
                    {**stops_with_driving_hours(3)[1], "estimated_arrival": "2027-03-03T08:00:00-05:00"},
                ]
            },
            "stops.1.estimated_arrival",
        ),
        (
            {
                "stops": [
                    stops_with_driving_hours(3)[0],
                    {**stops_with_driving_hours(3)[1], "estimated_arrival": "2027-06-03T08:00:00-05:00"},
                ]
            },
            "stops.1.estimated_arrival",
        ),
        (
            {
                "stops": [
                    {**stops_with_driving_hours(3)[0], "estimated_departure": None},
                    stops_with_driving_hours(3)[1],
                ]
            },
            "stops.0.estimated_departure",
        ),
        (
            {
                "stops": [
                    {**stops_with_driving_hours(3)[0], "estimated_departure": "9999-12-31T23:59:59Z"},
                    stops_with_driving_hours(3)[1],
                ]
            },
            "stops.0.estimated_departure",
        ),
        (
            {
                "stops": [
                    {**stops_with_driving_hours(3)[0], "estimated_departure": "0001-01-01T00:00:00+14:00"},
                    stops_with_driving_hours(3)[1],
                ]
            },
            "stops.0.estimated_departure",
        ),
    ],
)
def test_create_charter_rejects_invalid_fields(fields: dict[str, Any], field: str) -> None:
    reply = send_request("POST", "/charters", charter_request(**fields))
    assert reply.status == 422, reply.text
    assert field in [each["field"] for each in reply.json()["errors"]]


def post_pricing(path: str, body: Any) -> Any:
    reply = call(
        pricing, "POST", f"/api/v1/pricing{path}", body, token=token_for("pricing:read charters:write", org_id=ORG)
    )
    assert reply.status == 200, reply.text
    return reply.json()


def test_create_charter_with_timetable_too_fast_has_the_warnings_of_every_other_check() -> None:
    stops = [{**stop, "latitude": None, "longitude": None} for stop in stops_with_driving_hours(3)]
    charter = create_charter(stops=stops, miles=900)
    report = post_pricing("/dot-compliance", {"stops": stops, "miles": 900})
    assert (report["verdict"], report["driving_hours"]) == ("BLOCK", 18)
    assert charter["quote"]["warnings"] == report["warnings"]
    times = {"departs_at": charter["starts_at"], "returns_at": charter["ends_at"]}
    calculated = post_pricing("/calculate-quote", {"vehicle_class": "coach", "miles": 900, **times})
    assert calculated["warnings"] == report["warnings"]
    assert set_status(charter["id"], "booked").status == 409


@pytest.mark.parametrize("stop", [0, 1])
@pytest.mark.parametrize(
    "timezone", ["EST5EDT", "GMT", "EST", "Factory", "localtime", "posix/America/New_York", "Mars/Olympus", "\x00"]
)
def test_create_charter_rejects_unknown_time_zone_of_any_stop(stop: int, timezone: str) -> None:
    stops = stops_with_driving_hours(3)
    stops[stop]["timezone"] = timezone
    reply = send_request("POST", "/charters", charter_request(stops=stops))
    assert reply.status == 422, reply.text
    assert [each["field"] for each in reply.json()["errors"]] == [f"stops.{stop}.timezone"]


def test_charter_stored_with_time_zone_that_is_refused_now_stays_usable() -> None:
    created = create_charter()
    before = queries.get_charter(STAFF, created["id"])
    stops = [before.stops[0], before.stops[1].model_copy(update={"timezone": "EST5EDT"})]
    store.commit(STAFF, Update(before, before.model_copy(update={"stops": stops})))
    assert send_request("GET", f"/charters/{before.id}").json()["stops"][1]["timezone"] == "EST5EDT"
    assert send_request("PUT", f"/charters/{before.id}", {"notes": "Gate 4"}).status == 200
    assert send_request("POST", f"/charters/{before.id}/clone").status == 201


def test_create_charter_rejects_inactive_client() -> None:
    changed = call(
        clients, "PUT", f"/api/v1/clients/{CLIENT_ID}", {"status": "inactive"}, token=token_for("clients:write")
    )
    assert changed.status == 200
    assert send_request("POST", "/charters", charter_request()).status == 409


def test_create_charter_uses_hours_ruleset_of_organization() -> None:
    assert create_charter(stops=stops_with_driving_hours(9), miles=450)["quote"]["warnings"] == []
    organization = organization_queries.get_organization(ORG)
    policy = HoursPolicy(ruleset="us_property", daily_carrier=True)
    store.commit(STAFF, Update(organization, organization.model_copy(update={"hours_policy": policy})))
    (warning,) = create_charter(stops=stops_with_driving_hours(9), miles=450)["quote"]["warnings"]
    assert (warning["blocking"], "49 CFR 395.3(a)(3)(ii)" in warning["message"]) == (True, True)


def test_create_charter_too_long_for_one_driver_has_blocking_warning() -> None:
    charter = create_charter(stops=stops_with_driving_hours(12), miles=600)
    (warning,) = charter["quote"]["warnings"]
    assert warning["blocking"]
    assert warning["code"] == "hours_of_service"
    assert "49 CFR 395.5(a)(1)" in warning["message"]
    assert set_status(charter["id"], "booked").status == 409
    token = send_quote(charter["id"])
    assert answer_quote(token).status == 409

    changed = send_request("PUT", f"/charters/{charter['id']}", {"requires_second_driver": True})
    assert changed.status == 200
    assert not [each for each in changed.json()["quote"]["warnings"] if each["blocking"]]
    assert set_status(charter["id"], "booked").json()["status"] == "booked"


def test_create_charter_with_same_idempotency_key_returns_first_charter() -> None:
    headers = {"idempotency-key": "one"}
    first = send_request("POST", "/charters", charter_request(), headers=headers)
    second = send_request("POST", "/charters", charter_request(), headers=headers)
    assert (first.status, second.status) == (201, 201)
    assert first.json() == second.json()
    assert len(send_request("GET", "/charters").json()["items"]) == 1
    assert send_request("POST", "/charters", charter_request(passengers=2), headers=headers).status == 422


def test_create_charter_rejects_too_large_price() -> None:
    rule = RuleInput(name="Gold", rule_type="mileage_rate", amount=100_000_000, priority=9)
    rule_service.create_rule(STAFF, rule)
    reply = send_request("POST", "/charters", charter_request(miles=20_000, vehicle_count=100))
    assert reply.status in (409, 422), reply.text
    assert send_request("GET", "/charters").json()["items"] == []
