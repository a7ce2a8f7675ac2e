"""The history of a charter: its changes and its assignments, with names."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.dispatch import charter_history
from coachway.identity.model.user import User
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    send_ok,
)
from tests.integration.dispatch.document_builders import create_organization_documents

USER_ID = "usr_01JQZZZZZZZZZZZZZZZZZZZZZZ"


def test_history_names_people_and_lists_assignments() -> None:
    create_organization()
    create_organization_documents()
    rosa, charter_id = create_driver(), create_trip()
    assignment = create_assignment(charter_id, rosa, create_vehicle())
    send_ok("POST", f"/dispatch/assignments/{assignment['id']}/decline", {"reason": "ill"}, party_id=rosa)
    ana: dict[str, Any] = {
        "email": "ana@harbor.example",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "role": "staff",
    }
    store.commit(SYSTEM, Create(User(id=USER_ID, org_id=ORG, status="active", **ana)))
    entries = charter_history.get_charter_history(Caller(org_id=ORG, user_id=USER_ID, role="staff"), charter_id)
    types = [entry.type for entry in entries]
    assert types.index("charter.created") < types.index("assignment.offered") < types.index("assignment.declined")
    offered = entries[types.index("assignment.offered")]
    assert (offered.data["driver_name"], offered.data["vehicle_name"]) == ("Rosa Delgado", "Coach 12")
    assert not {"driver_phone", "driver_email"} & offered.data.keys()
    assert {entry.actor_name for entry in entries if entry.actor.user_id == USER_ID} == {"Ana Ruiz"}
