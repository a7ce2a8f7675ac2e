"""The score of a lead, with the client's bookings and the fleet."""

from __future__ import annotations

from typing import Any

from coachway.contracts.sales import LeadCaptured
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.fleet.model import VEHICLE_EXAMPLE, Vehicle
from coachway.sales.leads import scoring
from coachway.sales.leads.model import LEAD, Lead
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


def test_score_does_not_undo_a_change_at_the_same_time() -> None:
    lead_id = capture_lead()["id"]
    before = store.get(Lead, LEAD.key(org=ORG, id=lead_id))
    send("PUT", f"/leads/{lead_id}", {"estimated_passengers": 5, "company": "Bolt Tours"})
    scored = score(lead_id)
    assert (scored["company"], scored["points"]["passengers"]) == ("Bolt Tours", 5)
    assert before.score is not None
