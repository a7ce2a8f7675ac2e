"""Leads through their routes: capture, lists, changes, activities."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients import service as clients
from coachway.clients.model import ClientInput
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration.client import token_for
from tests.integration.sales.builders import (
    BOB,
    CALLER,
    OTHER_ORG,
    capture_lead,
    create_agent,
    create_user,
    list_ids,
    send,
)


def create_client(**fields: Any) -> str:
    values = {"name": "Acme Events", "client_type": "corporate", "email": "events@acme.example", **fields}
    clients._currency.cache_clear()
    return clients.create_client(CALLER, ClientInput(**values)).id


def list_activity_texts(lead_id: str) -> list[str]:
    reply = send("GET", f"/leads/{lead_id}/activities", query={"limit": "100"})
    return [each["details"] for each in reply.json()["items"]]


def test_capture_assigns_lead_and_explains() -> None:
    rule = create_agent("Sarah")
    lead = capture_lead(**BOB)
    assert (lead["status"], lead["assigned_to_agent_id"]) == ("new", rule["agent_id"])
    assert (lead["assignment_method"], lead["assignment_explanation"]) == (
        "rotation",
        ["Assigned to Sarah: it is their turn."],
    )
    assert {name: lead[name] for name in BOB} == BOB
    assert send("GET", f"/leads/{lead['id']}").json() == lead


def test_capture_without_rules_keeps_lead_unassigned() -> None:
    lead = capture_lead()
    assert lead["assigned_to_agent_id"] is None
    assert list_ids("/leads", unassigned="true") == [lead["id"]]


def test_capture_makes_two_calls_and_one_more_to_find_a_client_by_phone() -> None:
    create_agent()
    token = token_for("sales:write")
    for person, calls in (({**BOB, "phone": None}, 2), ({**BOB, "email": None}, 3)):
        before = call_stats.calls
        assert send("POST", "/leads", person, token=token).status == 201
        assert call_stats.calls - before == calls


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": None, "phone": None}, "email"),
        ({"estimated_return_date": "2027-05-13"}, "estimated_return_date"),
        ({"estimated_passengers": 0}, "estimated_passengers"),
        ({"estimated_trip_time": "24:00"}, "estimated_trip_time"),
        ({"pickup_latitude": 40.7}, "pickup_latitude"),
        ({"source": "fax"}, "source"),
    ],
)
def test_capture_with_wrong_field_is_refused(changes: dict[str, Any], field: str) -> None:
    reply = send("POST", "/leads", {**BOB, **changes})
    assert reply.status == 422
    assert field in reply.json()["errors"][0]["field"] + reply.json()["detail"]


@pytest.mark.parametrize(
    "person",
    [
        {"email": "BOB+trip@Wilson.example", "phone": None},
        {"email": "bob@wilson.example", "phone": "+13125550100"},
        {"email": "other@people.example", "phone": "+1 (212) 555-0199"},
        {"email": None, "phone": "+12125550199"},
    ],
)
def test_capture_of_same_person_returns_open_lead_and_adds_activity(person: dict[str, Any]) -> None:
    lead = capture_lead(**BOB)
    again = send("POST", "/leads", {**BOB, **person, "trip_details": "Now 52 people"})
    assert (again.status, again.json()["id"]) == (200, lead["id"])
    assert again.json()["email"] == "bob@wilson.example"
    [text] = list_activity_texts(lead["id"])
    assert text.startswith("Asked again (phone).")
    assert "Now 52 people" in text
    assert list_ids("/leads") == [lead["id"]]


def test_capture_repeated_with_the_same_key_returns_200_again() -> None:
    lead = capture_lead(**BOB)
    key = {"idempotency-key": "again"}
    first, second = (send("POST", "/leads", BOB, headers=key) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert second.json() == first.json() == lead
    assert len(list_activity_texts(lead["id"])) == 1


def test_capture_after_the_lead_was_closed_makes_a_new_lead() -> None:
    lead = capture_lead(**BOB)
    send("PUT", f"/leads/{lead['id']}", {"status": "dead", "lost_reason": "price"})
    assert capture_lead(**BOB)["id"] != lead["id"]


def test_capture_for_client_links_it_and_chooses_its_agent() -> None:
    create_agent("Sarah")
    dana = create_user("Dana")
    client_id = create_client(assigned_agent_id=dana)
    lead = capture_lead(email="Events+spring@acme.example")
    assert (lead["client_id"], lead["assigned_to_agent_id"]) == (client_id, dana)
    assert lead["assignment_explanation"] == ["Assigned to Dana Sales: the agent of the client."]


def test_capture_finds_client_by_phone() -> None:
    client_id = create_client(phone="+12125550123")
    assert capture_lead(phone="(+1) 212 555 0123")["client_id"] == client_id


def test_capture_for_client_without_agent_takes_a_turn() -> None:
    rule = create_agent("Sarah")
    client_id = create_client()
    lead = capture_lead(email="events@acme.example")
    assert (lead["client_id"], lead["assigned_to_agent_id"]) == (client_id, rule["agent_id"])


def test_capture_for_given_agent_is_manual() -> None:
    create_agent("Sarah")
    dana = create_user("Dana")
    lead = capture_lead(assigned_to_agent_id=dana)
    assert (lead["assigned_to_agent_id"], lead["assignment_method"]) == (dana, "manual")


@pytest.mark.parametrize("fields", [{"role": "client", "party_id": ids.new("cli")}, {"status": "disabled"}])
def test_capture_for_agent_who_is_not_staff_is_refused(fields: dict[str, Any]) -> None:
    outsider = create_user("Eve", **fields)
    reply = send("POST", "/leads", {**BOB, "assigned_to_agent_id": outsider})
    assert (reply.status, reply.json()["code"]) == (409, "user_not_staff")


def test_lists_filter_by_status_source_and_agent() -> None:
    sarah, tom = create_agent("Sarah"), create_agent("Tom")
    web, phone = capture_lead(source="web"), capture_lead(source="phone")
    send("PUT", f"/leads/{phone['id']}", {"status": "qualified"})
    assert list_ids("/leads") == [phone["id"], web["id"]]
    assert list_ids("/leads", status="qualified") == [phone["id"]]
    assert list_ids("/leads", source="web") == [web["id"]]
    assert list_ids("/leads", agent_id=web["assigned_to_agent_id"]) == [web["id"]]
    assert {web["assigned_to_agent_id"], phone["assigned_to_agent_id"]} == {sarah["agent_id"], tom["agent_id"]}
    own = token_for("sales:read", user_id=web["assigned_to_agent_id"])
    mine = send("GET", "/leads/my-leads", token=own).json()["items"]
    assert [each["id"] for each in mine] == [web["id"]]


def test_leads_are_found_by_words_phone_and_place() -> None:
    bob = capture_lead(**{**BOB, "company": "Wilson School", "pickup_location": "11 Wall St"})
    sarah = create_agent("Sarah")
    eve = capture_lead(first_name="Eve", last_name="Wilson")
    for q in ("bob", "wilson school", "555-0199", "bob@wilson.example", "11 wall"):
        assert list_ids("/leads", q=q) == [bob["id"]]
    assert list_ids("/leads", q="wilson", agent_id=sarah["agent_id"]) == [eve["id"]]
    assert list_ids("/leads", q="wilson", unassigned="true") == [bob["id"]]
    send("POST", f"/leads/{eve['id']}/merge", {"other_lead_id": bob["id"]})
    assert list_ids("/leads", q="bob") == []


def test_lead_of_another_organization_is_not_found() -> None:
    lead = capture_lead()
    other = token_for("sales:read sales:write", org_id=OTHER_ORG)
    for method, path, body in [("GET", "", None), ("PUT", "", {"company": "X"}), ("GET", "/activities", None)]:
        assert send(method, f"/leads/{lead['id']}{path}", body, token=other).status == 404


def test_dead_lead_needs_reason_and_can_be_contacted_again() -> None:
    lead = capture_lead()
    path = f"/leads/{lead['id']}"
    assert send("PUT", path, {"status": "dead"}).json()["code"] == "lost_reason_required"
    assert send("PUT", path, {"lost_reason": "price"}).status == 422
    dead = send("PUT", path, {"status": "dead", "lost_reason": "competitor"}).json()
    assert (dead["status"], dead["lost_reason"]) == ("dead", "competitor")
    assert send("PUT", path, {"status": "qualified"}).json()["code"] == "invalid_status_transition"
    revived = send("PUT", path, {"status": "contacted"}).json()
    assert (revived["status"], revived["lost_reason"]) == ("contacted", None)
    assert list_activity_texts(lead["id"]) == ["From dead to contacted.", "From new to dead (competitor)."]


def test_status_converted_needs_conversion() -> None:
    lead = capture_lead()
    reply = send("PUT", f"/leads/{lead['id']}", {"status": "converted"})
    assert (reply.status, reply.json()["code"]) == (409, "lead_needs_conversion")


def test_update_to_contact_of_another_open_lead_names_it() -> None:
    bob, other = capture_lead(**BOB), capture_lead()
    reply = send("PUT", f"/leads/{other['id']}", {"email": "bob@wilson.example"})
    assert (reply.status, reply.json()["code"]) == (409, "other_open_lead")
    assert bob["id"] in reply.json()["detail"]


def test_update_of_contact_moves_who_is_recognized() -> None:
    lead = capture_lead(**BOB)
    send("PUT", f"/leads/{lead['id']}", {"email": "robert@wilson.example", "phone": None})
    assert capture_lead(email="bob@wilson.example")["id"] != lead["id"]
    assert send("POST", "/leads", {**BOB, "email": "robert@wilson.example", "phone": None}).json()["id"] == lead["id"]


def test_update_assigns_by_hand() -> None:
    create_agent("Sarah")
    lead, dana = capture_lead(), create_user("Dana")
    after = send("PUT", f"/leads/{lead['id']}", {"assigned_to_agent_id": dana}).json()
    assert (after["assigned_to_agent_id"], after["assignment_method"]) == (dana, "manual")
    assert list_ids("/leads", agent_id=dana) == [lead["id"]]


def test_activities_are_listed_newest_first() -> None:
    lead = capture_lead()
    for details in ("Called", "Wants a quote"):
        reply = send("POST", f"/leads/{lead['id']}/activities", {"activity_type": "call", "details": details})
        assert reply.status == 201
    assert list_activity_texts(lead["id"]) == ["Wants a quote", "Called"]


def test_merge_moves_activities_and_leaves_a_pointer() -> None:
    lead = capture_lead(company="", phone=None, email="bob@wilson.example")
    other = capture_lead(company="Wilson School", phone="+12125550188")
    for number in range(45):
        details = f"Call {number}"
        send("POST", f"/leads/{other['id']}/activities", {"activity_type": "call", "details": details})
    reply = send("POST", f"/leads/{lead['id']}/merge", {"other_lead_id": other["id"]})
    assert (reply.status, reply.json()["company"], reply.json()["phone"]) == (200, "Wilson School", "+12125550188")
    assert send("GET", f"/leads/{other['id']}").json()["merged_into_id"] == lead["id"]
    assert list_ids("/leads") == [lead["id"]]
    calls = [text for text in list_activity_texts(lead["id"]) if text.startswith("Call")]
    assert calls == [f"Call {number}" for number in reversed(range(45))]
    assert send("POST", "/leads", {**BOB, "phone": "+12125550188", "email": None}).json()["id"] == lead["id"]
    again = send("POST", f"/leads/{lead['id']}/merge", {"other_lead_id": other["id"]})
    assert (again.status, again.json()["version"]) == (200, reply.json()["version"])


def test_merged_lead_is_read_only_and_points_to_the_other() -> None:
    lead, other = capture_lead(), capture_lead()
    send("POST", f"/leads/{lead['id']}/merge", {"other_lead_id": other["id"]})
    for method, path, body in [
        ("PUT", "", {"company": "X"}),
        ("POST", "/activities", {"activity_type": "note"}),
        ("POST", "/merge", {"other_lead_id": lead["id"]}),
    ]:
        refused = send(method, f"/leads/{other['id']}{path}", body)
        assert (refused.status, refused.json()["code"]) == (409, "lead_merged")
        assert lead["id"] in refused.json()["detail"]


def test_merge_of_lead_with_itself_or_of_other_client_is_refused() -> None:
    create_client()
    create_client(email="other@acme.example")
    one, two = capture_lead(email="events@acme.example"), capture_lead(email="other@acme.example")
    for other in (one, two):
        refused = send("POST", f"/leads/{one['id']}/merge", {"other_lead_id": other["id"]})
        assert (refused.status, refused.json()["code"]) == (409, "leads_not_mergeable")


def test_routes_of_leads_make_few_calls() -> None:
    lead = capture_lead()
    path = f"/leads/{lead['id']}"
    token = token_for("sales:read sales:write sales:assign")
    for method, where, body, most in [
        ("GET", path, None, 1),
        ("GET", f"{path}/activities", None, 2),
        ("GET", "/assignment-rules", None, 2),
        ("PUT", path, {"status": "contacted"}, 2),
        ("PUT", path, {"email": "new@people.example"}, 3),
        ("POST", f"{path}/activities", {"activity_type": "call"}, 2),
        ("POST", "/leads", {**BOB, "email": "new@people.example"}, 3),
    ]:
        before = call_stats.calls
        assert send(method, where, body, token=token).status < 300
        assert call_stats.calls - before <= most, (method, where)
