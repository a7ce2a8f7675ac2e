"""Edits of a booked trip that change neither its price nor what was promised."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from coachway.contracts.bookings import CharterModified
from tests.integration.bookings.builders import (
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply

ON_SITE = {"name": "Eli Roe", "phone": "+12125550177"}


@pytest.fixture
def booked(dynamodb: Any) -> dict[str, Any]:
    create_organizations()
    charter = create_charter()
    send_quote(charter["id"])
    return dict(set_status(charter["id"], "booked").json())


def put(charter: dict[str, Any], **fields: Any) -> Reply:
    return send_request("PUT", f"/charters/{charter['id']}", fields)


def reworded_stops(charter: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    stops: list[dict[str, Any]] = deepcopy(charter["stops"])
    stops[0] |= fields
    return stops


def list_modified_events(charter: dict[str, Any]) -> list[Any]:
    entries = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
    return [each for each in entries if each["type"] == CharterModified.TYPE]


def test_notes_contacts_and_purchase_order_change_directly_and_are_audited(booked: dict[str, Any]) -> None:
    reply = put(booked, notes="Gate B", on_site_contact=ON_SITE, po_number="PO 5")
    assert reply.status == 200, reply.text
    changed = reply.json()
    assert (changed["notes"], changed["on_site_contact"], changed["po_number"]) == ("Gate B", ON_SITE, "PO 5")
    assert (changed["status"], changed["revision_number"], changed["quote"]) == ("booked", 1, booked["quote"])
    [event] = list_modified_events(booked)
    assert (event["data"]["revised"], event["data"]["reworded"]) == (False, True)
    assert {each["field"].partition(".")[0] for each in event["changes"]} == {"notes", "on_site_contact", "po_number"}


def test_address_of_the_same_place_is_reworded(booked: dict[str, Any]) -> None:
    reply = put(booked, stops=reworded_stops(booked, address="Pier 11, South St", latitude=40.7078))
    assert reply.status == 200, reply.text
    changed = reply.json()
    assert changed["stops"][0]["address"] == "Pier 11, South St"
    assert changed["stops"][0]["latitude"] == booked["stops"][0]["latitude"]
    assert (changed["status"], changed["revision_number"]) == ("booked", 1)
    assert len(list_modified_events(booked)) == 1


def test_address_that_the_map_does_not_know_is_another_wording(booked: dict[str, Any]) -> None:
    reply = put(booked, stops=reworded_stops(booked, address="Gate B, behind the fountain"))
    assert reply.status == 200, reply.text
    assert reply.json()["stops"][0]["address"] == "Gate B, behind the fountain"


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "233 N Michigan Ave, Chicago, IL 60601"},  # sent with the coordinates of the previous address
        {"address": "Times Square", "latitude": 40.758, "longitude": -73.9855},
        {"address": "11 Wall St", "estimated_departure": "2027-03-03T09:01:00-05:00"},
    ],
)
def test_another_place_or_time_is_refused_with_the_way_to_change_it(
    booked: dict[str, Any], fields: dict[str, Any]
) -> None:
    reply = put(booked, stops=reworded_stops(booked, **fields))
    assert (reply.status, reply.json()["code"]) == (409, "change_case_required")
    assert "clone the charter" in reply.json()["detail"]
    assert list_modified_events(booked) == []


def test_edit_that_also_changes_the_trip_is_refused_as_a_whole(booked: dict[str, Any]) -> None:
    reply = put(booked, notes="Gate B", passengers=41, stops=reworded_stops(booked, address="Pier 11"))
    assert reply.status == 409
    assert send_request("GET", f"/charters/{booked['id']}").json()["notes"] == ""


def test_closed_charter_cannot_be_edited(booked: dict[str, Any]) -> None:
    set_status(booked["id"], "cancelled")
    reply = put(booked, notes="Gate B")
    assert (reply.status, reply.json()["code"]) == (409, "charter_closed")
