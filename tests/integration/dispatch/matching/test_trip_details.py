"""Assignments take over the notes, the person to call and the addresses of their charter."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.dispatch.matching import charter_consumer
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_delivery,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_assignment,
    get_charter,
    send_ok,
    update_assignment,
)

ON_SITE = {"name": "Eli Roe", "phone": "+12125550177"}


@pytest.fixture
def assigned() -> tuple[str, str]:
    """A booked charter and its assignment, which has notes of its own."""
    create_organization()
    charter_id = create_trip(notes="Blue door")
    assignment = create_assignment(charter_id, create_driver(), create_vehicle(), notes="Bring snow chains")
    return charter_id, assignment["id"]


def edit(charter_id: str, **fields: Any) -> None:
    """Edit the charter, and deliver the event twice."""
    reply = booking_builders.send_request("PUT", f"/charters/{charter_id}", fields)
    assert reply.status == 200, reply.text
    for _ in range(2):
        event = create_delivery("charter.modified", charter_id, revised=False, reworded=True)
        charter_consumer.CONSUMERS["charter.modified"](SYSTEM, event)


def test_edited_words_of_a_booked_trip_reach_the_driver(assigned: tuple[str, str]) -> None:
    charter_id, assignment_id = assigned
    stops = get_charter(charter_id)["stops"]
    stops[0] |= {"address": "Pier 11, New York, NY"}
    edit(charter_id, notes="Red door", on_site_contact=ON_SITE, stops=stops)
    view = send_ok("GET", f"/dispatch/assignments/{assignment_id}")
    assert (view["contact_name"], view["contact_phone"]) == ("Eli Roe", "+12125550177")
    assert view["notes"] == "Red door\nBring snow chains"
    assert view["stops"][0]["address"] == "Pier 11, New York, NY"
    assert "own_notes" not in view
    assert get_charter(charter_id)["status"] == "confirmed"


def test_notes_of_an_assignment_of_an_earlier_release_stay(assigned: tuple[str, str]) -> None:
    charter_id, assignment_id = assigned
    update_assignment(assignment_id, own_notes=None)
    edit(charter_id, notes="Red door", on_site_contact=ON_SITE)
    assignment = get_assignment(assignment_id)
    assert (assignment.notes, assignment.contact_name) == ("Blue door\nBring snow chains", "Eli Roe")


def test_ended_assignments_keep_their_words(assigned: tuple[str, str]) -> None:
    charter_id, assignment_id = assigned
    send_ok("POST", f"/dispatch/assignments/{assignment_id}/release", {"reason": "Ill"})
    edit(charter_id, on_site_contact=ON_SITE)
    assert get_assignment(assignment_id).contact_name == "Acme Events"
