"""The route of the hours-of-service check."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.identity import organization_queries
from coachway.identity.model.organization import HoursPolicy
from tests.integration.pricing.builders import ORG, PER_MILE, ask, create_rule


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


LONG = stops("2027-03-03T06:00:00-05:00", "2027-03-03T19:00:00-06:00")


def check(**body: Any) -> dict[str, Any]:
    reply = ask("POST", "/dot-compliance", body)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def test_check_of_short_trip_is_legal_for_one_driver() -> None:
    found = check(stops=stops("2027-03-03T06:00:00-05:00", "2027-03-03T11:00:00-05:00"), miles=250)
    assert (found["verdict"], found["legal_for_one_driver"], found["drivers_needed"]) == ("OK", True, 1)
    assert (found["relief"], found["violations"], found["warnings"], found["added_price"]) == ([], [], [], None)


def test_check_of_long_trip_returns_relief_and_price() -> None:
    create_rule(PER_MILE)
    create_rule({"name": "Second driver", "rule_type": "flat_fee", "fee": "second_driver", "amount": 300})
    found = check(stops=LONG, miles=790, vehicle_class="coach")
    assert (found["verdict"], found["drivers_needed"], found["driving_hours"]) == ("BLOCK", 2, 14)
    assert found["violations"][0]["rule"] == "drive"
    assert found["violations"][0]["exceeded_hours"] == 4
    assert found["violations"][0]["citation"] == "49 CFR 395.5(a)(1)"
    assert found["relief"][0]["at"] == "2027-03-03T21:00:00Z"
    assert (found["added_price"], found["currency"]) == (300, "USD")
    assert found["warnings"][0]["blocking"] is True


def test_check_with_second_driver_is_legal() -> None:
    found = check(stops=LONG, miles=790, requires_second_driver=True)
    assert (found["verdict"], found["drivers"], found["warnings"]) == ("OK", 2, [])


def test_check_without_times_is_unknown() -> None:
    found = check(stops=[{}, {}])
    assert (found["verdict"], found["legal_for_one_driver"]) == ("UNKNOWN", False)
    assert found["warnings"] == [
        {"code": "hours_of_service_unknown", "message": found["explanation"], "blocking": False}
    ]


def test_check_rejects_stops_out_of_order() -> None:
    backwards = stops("2027-03-03T06:00:00-05:00", "2027-03-03T05:00:00-05:00")
    hasty = {**backwards[1], "estimated_departure": "2027-03-03T04:00:00-05:00"}
    reply = ask("POST", "/dot-compliance", {"stops": [{}, hasty]})
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "stops.1.estimated_departure")


def test_check_uses_ruleset_of_organization_by_default() -> None:
    """Nine hours of driving are legal with passengers; property carriers need a break after eight."""
    house = organization_queries.get(ORG)
    policy = HoursPolicy(ruleset="us_property", daily_carrier=True)
    store.commit(Caller.system("tests", ORG), Update(house, house.model_copy(update={"hours_policy": policy})))
    nine = stops("2027-03-03T06:00:00-05:00", "2027-03-03T14:00:00-06:00")
    assert check(stops=nine, miles=450)["violations"][0]["citation"] == "49 CFR 395.3(a)(3)(ii)"
    assert check(stops=nine, miles=450, ruleset="us_passenger")["violations"] == []
