"""The score of a lead, with the client's bookings and the fleet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from coachway.contracts.sales import LeadCaptured
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.fleet.model import VEHICLE_EXAMPLE, Vehicle
from coachway.sales.leads import scoring
from tests.integration.sales.builders import CALLER, ORG, capture_lead, deliver, send


def score(lead_id: str) -> dict[str, Any]:
    """Deliver the event of a lead twice; return the lead with the points of each topic."""
    event = LeadCaptured(lead_id=lead_id, lead_kind="charter", source="phone", status="new")
    for _ in range(2):
        scoring.score_lead(CALLER, deliver(event))
    lead = send("GET", f"/leads/{lead_id}").json()
    return {**lead, "points": {each["topic"]: each["points"] for each in lead["score_reasons"]}}


def test_new_lead_has_a_score_that_its_event_completes() -> None:
    vehicle = {**VEHICLE_EXAMPLE, "vehicle_class": "coach", "capacity": 56, "status": "in_service", "vendor_id": None}
    store.commit(CALLER, Create(Vehicle(id=ids.new("veh"), org_id=ORG, **vehicle)))
    lead = capture_lead()
    assert {each["topic"]: each["points"] for each in lead["score_reasons"]}["fleet"] == 0
    scored = score(lead["id"])
    assert scored["points"]["fleet"] == 15
    assert (scored["score"], scored["version"]) == (lead["score"] + 15, lead["version"])
    assert scored["score"] == sum(scored["points"].values())


def test_changes_and_scores_at_the_same_time_lose_nothing() -> None:
    lead_id = capture_lead()["id"]

    def act(number: int) -> int:
        if number % 2:
            score(lead_id)
            return 200
        return send("PUT", f"/leads/{lead_id}", {"estimated_passengers": number + 1}).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(act, range(16))) == {200}
    lead = score(lead_id)
    assert lead["version"] == 9
    assert lead["points"]["passengers"] == (10 if lead["estimated_passengers"] >= 10 else 5)
