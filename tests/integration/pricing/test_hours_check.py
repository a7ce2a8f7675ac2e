"""The route of the hours-of-service check."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.model.organization import HoursPolicy
from tests.integration.pricing.builders import ORG, PER_MILE, create_rule, send_request


def stops(departs: str, arrives: str) -> list[dict[str, Any]]:
    return [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "latitude": 40.7074,
            "longitude": -74.0113,
            "estimated_departure": departs,
        },
        {
            "stop_type": "dropoff",
            "address": "1060 W Addison St, Chicago, IL",
            "latitude": 41.9484,
            "longitude": -87.6553,
            "estimated_arrival": arrives,
        },
    ]


LONG_TRIP = stops("2027-03-03T06:00:00-05:00", "2027-03-03T19:00:00-06:00")


def check(**body: Any) -> dict[str, Any]:
    reply = send_request("POST", "/dot-compliance", body)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def test_check_of_short_trip_is_legal_for_one_driver() -> None:
    report = check(stops=stops("2027-03-03T06:00:00-05:00", "2027-03-03T11:00:00-05:00"), miles=250)
    assert (report["verdict"], report["legal_for_one_driver"], report["drivers_needed"]) == ("OK", True, 1)
    assert (report["relief_points"], report["violations"], report["warnings"], report["added_price"]) == (
        [],
        [],
        [],
        None,
    )


def test_check_of_long_trip_returns_relief_and_price() -> None:
    create_rule(PER_MILE)
    create_rule({"name": "Second driver", "rule_type": "flat_fee", "fee": "second_driver", "amount": 300})
    report = check(stops=LONG_TRIP, miles=700, vehicle_class="coach")
    assert (report["verdict"], report["drivers_needed"], report["driving_hours"]) == ("BLOCK", 2, 14)
    assert report["violations"][0]["rule"] == "drive"
    assert report["violations"][0]["exceeded_hours"] == 4
    assert report["violations"][0]["citation"] == "49 CFR 395.5(a)(1)"
    assert report["relief_points"][0]["relief_at"] == "2027-03-03T16:00:00-05:00"
    assert (report["added_price"], report["currency"]) == (300, "USD")
    assert report["warnings"][0]["blocking"] is True


def test_check_with_second_driver_is_legal() -> None:
    report = check(stops=LONG_TRIP, miles=700, requires_second_driver=True)
    assert (report["verdict"], report["drivers"], report["warnings"]) == ("OK", 2, [])


def test_check_of_timetable_too_fast_for_the_miles_counts_the_time_that_they_need() -> None:
    fast = stops("2027-03-03T06:00:00-05:00", "2027-03-03T09:00:00-05:00")
    report = check(stops=fast, miles=900)
    assert (report["verdict"], report["driving_hours"], report["on_duty_hours"]) == ("BLOCK", 18, 18)
    assert [(warning["code"], warning["blocking"]) for warning in report["warnings"]] == [
        ("hours_of_service", True),
        ("timetable_too_fast", False),
    ]
    assert report["warnings"][1]["message"] == (
        "Stop 2 needs more than 70 miles per hour on average. Check its times and miles."
    )


def test_check_without_times_is_unknown() -> None:
    report = check(stops=[{}, {}])
    assert (report["verdict"], report["legal_for_one_driver"]) == ("UNKNOWN", False)
    assert report["warnings"] == [
        {"code": "hours_of_service_unknown", "message": report["explanation"], "blocking": False, "accepted": False}
    ]


def test_check_rejects_stops_out_of_order() -> None:
    out_of_order = stops("2027-03-03T06:00:00-05:00", "2027-03-03T05:00:00-05:00")
    last = {**out_of_order[1], "estimated_departure": "2027-03-03T04:00:00-05:00"}
    reply = send_request("POST", "/dot-compliance", {"stops": [{}, last]})
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "stops.1.estimated_departure")


def test_check_uses_ruleset_of_organization_by_default() -> None:
    """Nine hours of driving are legal with passengers; property carriers need a break after eight."""
    organization = organization_queries.get_organization(ORG)
    policy = HoursPolicy(ruleset="us_property", daily_carrier=True)
    store.commit(
        Caller.system("tests", ORG), Update(organization, organization.model_copy(update={"hours_policy": policy}))
    )
    nine_hours = stops("2027-03-03T06:00:00-05:00", "2027-03-03T14:00:00-06:00")
    assert check(stops=nine_hours, miles=450)["violations"][0]["citation"] == "49 CFR 395.3(a)(3)(ii)"
    assert check(stops=nine_hours, miles=450, ruleset="us_passenger")["violations"] == []


def test_check_for_unknown_client_is_refused() -> None:
    trip = stops("2027-03-03T06:00:00-05:00", "2027-03-03T11:00:00-05:00")
    assert send_request("POST", "/dot-compliance", {"stops": trip, "client_id": ids.new("cli")}).status == 404
