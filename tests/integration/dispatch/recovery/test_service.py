"""Opening recoveries and answering offers, on the table in memory."""

from __future__ import annotations

import pytest

from coachway.dispatch.recovery import workflow as recovery_workflow
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_organization,
    create_trip,
    create_vehicle,
    get_assignment,
    send_ok,
    send_request,
)
from tests.integration.dispatch.recovery_builders import (
    FakeStepFunctions,
    RecoverySetup,
    choose_step,
    get_recovery,
    install_fake_step_functions,
)


@pytest.fixture(autouse=True)
def step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    create_organization()
    return install_fake_step_functions(monkeypatch)


def test_accept_offer_twice_or_by_another_driver_is_refused() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    assert send_request("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia).status == 404
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    assert send_request("GET", f"/dispatch/recoveries/{recovery_id}", party_id=setup.finn).status == 404
    assert send_request("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.finn).status == 404
    assert [item["id"] for item in send_ok("GET", "/dispatch/recoveries", party_id=setup.nia)["items"]] == [recovery_id]
    assert send_ok("GET", "/dispatch/recoveries", party_id=setup.finn)["items"] == []
    send_ok("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia)
    assert send_request("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia).status == 409
    assert send_ok("GET", "/dispatch/recoveries", party_id=setup.nia)["items"] == []


def test_accept_offer_of_an_unavailable_driver_is_refused_and_the_next_is_asked() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    create_assignment(create_trip(departure="10:00"), setup.nia, create_vehicle("Coach 15"))
    reply = send_request("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia)
    assert (reply.status, reply.json()["code"]) == (409, "driver_not_available")
    assert get_recovery(recovery_id).offers[-1].status == "unavailable"
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    assert get_recovery(recovery_id).offers[-1].driver_id == setup.finn


def test_open_recovery_twice_or_without_need_is_refused() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open("no_show")
    body = {"assignment_id": setup.assignment["id"], "reason": "breakdown"}
    reply = send_request("POST", "/dispatch/recoveries", body)
    assert (reply.status, reply.json()["code"]) == (409, "recovery_already_open")
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    send_ok("POST", f"/dispatch/assignments/{setup.assignment['id']}/release", {"reason": "off"})
    assert choose_step(recovery_id).go == "over"
    ended = get_recovery(recovery_id)
    assert (ended.status, ended.offers[-1].status) == ("cancelled", "withdrawn")
    reply = send_request("POST", "/dispatch/recoveries", body)
    assert (reply.status, reply.json()["code"]) == (409, "recovery_not_needed")


def test_declined_offer_hides_message_and_addresses_from_the_driver() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    path = f"/dispatch/recoveries/{recovery_id}"
    assert send_ok("GET", path, party_id=setup.nia)["message_to_driver"] == "At the rest area"
    declined = send_ok("POST", f"{path}/decline", {"reason": "busy"}, party_id=setup.nia)
    for view in (declined, send_ok("GET", path, party_id=setup.nia)):
        assert (view["message_to_driver"], view["pickup"], view["dropoff"]) == ("", "", "")


def test_answer_offer_on_behalf_of_a_driver_applies_to_the_named_offer() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    first = recovery_workflow.make_offer(SYSTEM, recovery_id).offer
    assert choose_step(recovery_id, waited=first).go == "offer"
    second = recovery_workflow.make_offer(SYSTEM, recovery_id).offer
    for decision, body in (("accept", None), ("decline", {})):
        reply = send_request("POST", f"/dispatch/recoveries/{recovery_id}/{decision}", body, query={"offer_id": first})
        assert (reply.status, reply.json()["code"]) == (409, "offer_not_open")
    assert get_recovery(recovery_id).offers[-1].status == "open"
    recovered = send_ok("POST", f"/dispatch/recoveries/{recovery_id}/accept", query={"offer_id": second})
    assert get_assignment(recovered["replacement_id"]).driver_id == setup.finn
