"""The salesperson of a charter, and what they are told about its quote."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.bookings import CharterBooked, QuoteAccepted, QuoteDeclined, QuoteOpened
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from tests.integration.bookings.builders import (
    ORG,
    OTHER_ORG,
    STAFF,
    answer_quote,
    charter_request,
    create_charter,
    create_organizations,
    list_event_types,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply, call
from tools.function_modules import load

page_api = load("bookings", "quote_page").api
SAM = "usr_01JQZZZZZZZZZZZZZZZZZZZZZ1"
SENDER = "usr_01JQZZZZZZZZZZZZZZZZZZZZZ2"


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()
    create_user(SAM)


def create_user(user_id: str, org_id: str = ORG, **fields: Any) -> None:
    values = {"first_name": "Sam", "last_name": "Okafor", "role": "staff", "status": "active"} | fields
    caller = Caller.system("tests", org_id)
    store.commit(caller, Create(User(id=user_id, org_id=org_id, email=f"{user_id[-2:]}@harbor.example", **values)))


def open_page(token: str, method: str = "GET", **headers: str) -> Reply:
    path = f"/pages/quotes/{token}" + ("/opened" if method == "POST" else "")
    return call(page_api, method, path, headers=headers)


def put(charter: dict[str, Any], **fields: Any) -> Reply:
    return send_request("PUT", f"/charters/{charter['id']}", fields)


def get_events(charter: dict[str, Any], event: type[Any]) -> list[Any]:
    entries = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
    return [each["data"] for each in entries if each["type"] == event.TYPE]


def test_salesperson_is_the_user_who_creates_the_charter() -> None:
    create_user(STAFF.user_id)
    assert create_charter()["salesperson_id"] == STAFF.user_id
    assert create_charter(salesperson_id=SAM)["salesperson_id"] == SAM


def test_program_and_unknown_user_are_no_salesperson() -> None:
    assert create_charter()["salesperson_id"] is None


def test_salesperson_of_a_clone_is_the_user_who_clones() -> None:
    create_user(STAFF.user_id)
    charter = create_charter(salesperson_id=SAM)
    clone = send_request("POST", f"/charters/{charter['id']}/clone", {}).json()
    assert clone["salesperson_id"] == STAFF.user_id


@pytest.mark.parametrize(
    "user",
    [
        None,
        {"status": "disabled"},
        {"status": "invited"},
        {"role": "driver"},
        {"role": "client", "party_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"},
        {"org_id": OTHER_ORG},
    ],
)
def test_salesperson_must_be_an_active_user_of_the_organization(user: dict[str, Any] | None) -> None:
    if user is not None:
        create_user(SENDER, **user)
    charter = create_charter()
    refused = put(charter, salesperson_id=SENDER)
    assert (refused.status, refused.json()["errors"][0]["code"]) == (422, "unknown_user")
    reply = send_request("POST", "/charters", charter_request(salesperson_id=SENDER))
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "salesperson_id")


def test_salesperson_of_a_booked_charter_can_change_without_a_revision() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    changed = put(charter, salesperson_id=SAM).json()
    assert (changed["salesperson_id"], changed["revision_number"], changed["status"]) == (SAM, 1, "booked")
    assert put(charter, salesperson_id=None).json()["salesperson_id"] is None
    assert list_event_types(charter["id"])[-2:] == ["charter.modified", "charter.modified"]


def test_list_filters_by_salesperson() -> None:
    mine = create_charter(salesperson_id=SAM)
    create_charter()
    reply = send_request("GET", "/charters", query={"salesperson_id": SAM})
    assert [each["id"] for each in reply.json()["items"]] == [mine["id"]]
    dated = send_request("GET", "/charters", query={"salesperson_id": SAM, "date_from": "2027-03-01"})
    assert [each["id"] for each in dated.json()["items"]] == [mine["id"]]


def test_loading_the_page_records_no_opening() -> None:
    charter = create_charter(salesperson_id=SAM)
    token = send_quote(charter["id"])
    page = open_page(token)
    assert "Sam Okafor" in page.text
    assert f'data-address="{token}/opened"' in page.text
    assert send_request("GET", f"/charters/{charter['id']}").json()["quote_opened_at"] is None


def test_opening_by_a_person_is_recorded_once() -> None:
    charter = create_charter(salesperson_id=SAM)
    token = send_quote(charter["id"])
    assert open_page(token, "POST").status == 204
    first = send_request("GET", f"/charters/{charter['id']}").json()["quote_opened_at"]
    assert first is not None
    assert open_page(token, "POST").status == 204
    assert send_request("GET", f"/charters/{charter['id']}").json()["quote_opened_at"] == first
    [event] = get_events(charter, QuoteOpened)
    assert (event["salesperson_id"], event["client_name"]) == (SAM, "Acme Events")
    assert "/opened" not in open_page(token).text
    assert answer_quote(token).json()["status"] == "booked"


def test_opening_of_an_answered_quote_is_not_recorded() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    answer_quote(token)
    assert open_page(token, "POST").status == 204
    assert get_events(charter, QuoteOpened) == []


def test_opening_by_a_replaced_or_forged_link_is_refused() -> None:
    charter = create_charter()
    old = send_quote(charter["id"])
    send_quote(charter["id"])
    assert open_page(old, "POST").status == 404
    assert open_page(old[:-4] + "AAAA", "POST").status == 404
    assert get_events(charter, QuoteOpened) == []


def test_events_of_answers_name_the_salesperson() -> None:
    accepted, declined = create_charter(salesperson_id=SAM), create_charter(salesperson_id=SAM)
    answer_quote(send_quote(accepted["id"]))
    answer_quote(send_quote(declined["id"]), "decline")
    [event] = get_events(accepted, QuoteAccepted)
    assert (event["salesperson_id"], event["by_client"], event["client_name"]) == (SAM, True, "Acme Events")
    assert get_events(accepted, CharterBooked)[0]["deposit_paid"] == 0
    assert get_events(declined, QuoteDeclined)[0]["salesperson_id"] == SAM


def test_acceptance_by_staff_is_not_by_the_client() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    assert get_events(charter, QuoteAccepted)[0]["by_client"] is False


def test_page_does_not_name_a_salesperson_who_has_left() -> None:
    charter = create_charter(salesperson_id=SAM)
    user = store.get(User, USERS.key(org=ORG, id=SAM))
    store.commit(STAFF, Update(user, user.model_copy(update={"status": "disabled"})))
    assert "Sam Okafor" not in open_page(send_quote(charter["id"])).text
