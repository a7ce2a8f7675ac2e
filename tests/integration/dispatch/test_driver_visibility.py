"""What staff write for each other is in no response to a driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.core.http.route import Route
from coachway.core.http.routing import ApiRouter
from coachway.dispatch.recovery import workflow as recovery_workflow
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tests.integration.dispatch.builders import SYSTEM, create_assignment, create_organization, create_trip, send_ok
from tests.integration.dispatch.recovery_builders import RecoverySetup, install_fake_step_functions
from tools.function_modules import load

FUNCTIONS = [("compliance", "api"), ("dispatch", "api"), ("dispatch", "calendars_api"), ("fleet", "api")]
INTERNAL = "Internal"
PERIOD = {"date_from": "2027-03-01", "date_to": "2027-03-31"}


@pytest.fixture(autouse=True)
def organization(monkeypatch: pytest.MonkeyPatch) -> None:
    create_organization()
    install_fake_step_functions(monkeypatch)


def list_driver_routes() -> Iterator[tuple[ApiRouter, Route]]:
    """The routes by which a driver can read JSON."""
    for capability, module in FUNCTIONS:
        api = load(capability, module).api
        for route in api.routes:
            if route.method == "GET" and "driver" in route.external_roles and route.media == "application/json":
                yield api, route


def read_as_driver(api: ApiRouter, route: Route, driver_id: str, **path_ids: str) -> Reply:
    path = route.path.format(driver_id=driver_id, compliance_id="cmp_01K3ZV8N6Y3T5G7H9J1M2P4R6S", **path_ids)
    token = token_for("compliance:read dispatch:read fleet:read", org_id=ORG, role="driver", party_id=driver_id)
    query = PERIOD if "date_from" in str(route.parameters) or path.endswith("/assignments") else None
    return call(api, "GET", path, token=token, query=query)


def test_driver_reads_no_internal_text_of_a_release_and_a_recovery() -> None:
    setup = RecoverySetup()
    other = create_assignment(create_trip(day="2027-03-05"), setup.nia, setup.spare)
    body = {"reason": f"{INTERNAL}: late twice", "message_to_driver": "You are free on Friday."}
    send_ok("POST", f"/dispatch/assignments/{other['id']}/release", body)
    recovery_id = setup.open()
    recovery_workflow.make_offer(SYSTEM, recovery_id)

    def read_all() -> dict[str, Reply]:
        ids = {"assignment_id": other["id"], "recovery_id": recovery_id}
        return {
            route.path.removeprefix("/api/v1"): read_as_driver(api, route, setup.nia, **ids)
            for api, route in list_driver_routes()
        }

    replies = read_all()
    send_ok("POST", f"/dispatch/recoveries/{recovery_id}/cancel", {"reason": f"{INTERNAL}: not needed"})
    for path, reply in [*replies.items(), *read_all().items()]:
        assert INTERNAL not in reply.text, path
    unread = {path for path, reply in replies.items() if reply.status != 200}
    assert unread == {"/compliance/{compliance_id}"}
    assignment = replies["/dispatch/assignments/{assignment_id}"].json()
    assert (assignment["reason"], assignment["message_to_driver"]) == ("", "You are free on Friday.")
    assert replies["/dispatch/recoveries"].json()["items"][0]["message_to_driver"] == "At the rest area"
    assert INTERNAL in send_ok("GET", f"/dispatch/assignments/{other['id']}")["reason"]
    assert INTERNAL in send_ok("GET", f"/dispatch/recoveries/{recovery_id}")["notes"]
