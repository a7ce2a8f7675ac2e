"""The conversion of leads: client, charter and lead in one transaction, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import service as clients
from coachway.clients.model import Client, ClientInput, ClientQuery
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from tests.integration.client import Reply, call, token_for
from tests.integration.sales.builders import (
    BASE,
    BOB,
    CALLER,
    ORG,
    OTHER_ORG,
    api,
    capture_lead,
    create_agent,
    create_user,
    send,
)
from tools.function_modules import load

conversion_api = load("sales", "conversion_api").api
RIGHTS = "sales:write charters:write clients:write"
STOPS: list[dict[str, Any]] = [
    {
        "address": "11 Wall St, New York, NY",
        "latitude": 40.7074,
        "longitude": -74.0113,
        "estimated_departure": "2027-05-14T08:30:00-04:00",
    },
    {"address": "1 Franklin Park Rd, Boston, MA", "latitude": 42.3026, "longitude": -71.0865},
]
TRIP: dict[str, Any] = {"vehicle_class": "coach", "stops": STOPS, "miles": 215}


def convert(lead_id: str, rights: str = RIGHTS, org_id: str = ORG, **body: Any) -> Reply:
    path = f"{BASE}/leads/{lead_id}/convert"
    return call(conversion_api, "POST", path, {"charter": TRIP, **body}, token=token_for(rights, org_id=org_id))


def find_charter(lead: dict[str, Any]) -> Charter:
    return store.get(Charter, CHARTER.key(org=ORG, id=lead["charter_id"]))


def find_client(lead: dict[str, Any]) -> Client:
    return store.get(Client, CLIENT.key(org=ORG, id=lead["client_id"]))


def create_client(email: str = "bob@wilson.example", **fields: Any) -> Client:
    clients._currency.cache_clear()
    return clients.create_client(
        CALLER, ClientInput.model_validate({"name": "Wilson", "client_type": "corporate", "email": email, **fields})
    )


def count_clients() -> int:
    return len(clients.list_clients(CALLER, ClientQuery()).items)


def test_conversion_creates_client_and_charter_from_the_lead() -> None:
    agent_id = create_agent()["agent_id"]
    lead = capture_lead(**BOB, company="Wilson School")
    reply = convert(lead["id"])
    assert reply.status == 200, reply.text
    converted = reply.json()
    client, charter = find_client(converted), find_charter(converted)
    assert (converted["status"], converted["charter_number"]) == ("converted", charter.number)
    assert (client.name, client.client_type, client.email, client.phone) == (
        "Wilson School",
        "corporate",
        BOB["email"],
        BOB["phone"],
    )
    assert (client.assigned_agent_id, charter.salesperson_id) == (agent_id, agent_id)
    assert (charter.client_id, charter.passengers, charter.notes) == (client.id, 48, "Class trip to Boston")
    assert send("GET", f"/leads/{lead['id']}").json() == converted


def test_conversion_reads_and_writes_few_items() -> None:
    create_agent()
    warm = capture_lead()
    convert(warm["id"])
    lead = capture_lead()
    token = token_for(RIGHTS)
    before = call_stats.calls
    path = f"{BASE}/leads/{lead['id']}/convert"
    assert call(conversion_api, "POST", path, {"charter": TRIP}, token=token).status == 200
    assert call_stats.calls - before <= 4


def test_trip_is_built_from_the_lead_at_the_local_time() -> None:
    lead = capture_lead(
        **BOB,
        pickup_location="11 Wall St, New York, NY",
        dropoff_location="1 Franklin Park Rd, Boston, MA",
        estimated_trip_time="08:30",
        estimated_return_date="2027-05-16",
    )
    missing = convert(lead["id"], charter={"vehicle_class": "coach", "miles": 430})
    assert (missing.status, missing.json()["errors"][0]["field"]) == (422, "charter.stops")
    assert "return_time" in missing.json()["errors"][0]["message"]
    converted = convert(lead["id"], charter={"vehicle_class": "coach", "miles": 430, "return_time": "15:00"}).json()
    charter = find_charter(converted)
    assert charter.trip_type == "multi_day"
    assert [stop.address[:2] for stop in charter.stops] == ["11", "1 ", "11"]
    departures = [stop.estimated_departure.isoformat() for stop in charter.stops if stop.estimated_departure]
    assert departures[:2] == ["2027-05-14T08:30:00-04:00", "2027-05-16T15:00:00-04:00"]


def test_second_conversion_answers_the_first_result() -> None:
    lead = capture_lead()
    first = convert(lead["id"]).json()
    again = convert(lead["id"], charter={**TRIP, "passengers": 12})
    assert (again.status, again.json()) == (200, first)
    assert count_clients() == 1


def test_conversions_at_once_make_one_client_and_one_charter() -> None:
    lead = capture_lead()
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: convert(lead["id"]), range(6)))
    assert [each.status for each in replies] == [200] * 6, [each.text for each in replies]
    assert len({(each.json()["client_id"], each.json()["charter_id"]) for each in replies}) == 1
    assert count_clients() == 1
    assert find_charter(replies[0].json()).number.endswith("-000001")


@pytest.mark.parametrize("other", ["dead", "merged"])
def test_conversion_and_other_end_of_a_lead_at_once_leave_one_of_them(other: str) -> None:
    lead, into = capture_lead(), capture_lead()

    def end() -> Reply:
        if other == "dead":
            return send("PUT", f"/leads/{lead['id']}", {"status": "dead", "lost_reason": "price"})
        return send("POST", f"/leads/{into['id']}/merge", {"other_lead_id": lead["id"]})

    with ThreadPoolExecutor(2) as pool:
        conversion, ending = pool.submit(convert, lead["id"]), pool.submit(end)
        statuses = sorted([conversion.result().status, ending.result().status])
    assert statuses == [200, 409]
    stored = send("GET", f"/leads/{lead['id']}").json()
    is_converted = conversion.result().status == 200
    assert (stored["charter_id"] is not None, stored["status"] == "converted") == (is_converted, is_converted)
    assert count_clients() == (1 if is_converted else 0)


def test_client_of_the_lead_is_used() -> None:
    client = create_client()
    lead = capture_lead(**BOB)
    assert lead["client_id"] == client.id
    assert convert(lead["id"]).json()["client_id"] == client.id
    assert count_clients() == 1


def test_other_client_can_be_chosen() -> None:
    client = create_client("office@school.example")
    lead = capture_lead()
    converted = convert(lead["id"], client_id=client.id).json()
    assert (converted["client_id"], find_charter(converted).client_id) == (client.id, client.id)


@pytest.mark.parametrize("email", ["bob@wilson.example", "Bob+trips@wilson.example"])
def test_email_of_another_client_is_refused_and_nothing_is_created(email: str) -> None:
    lead = capture_lead(email=email, phone=None)
    client = create_client()
    reply = convert(lead["id"])
    assert (reply.status, reply.json()["code"]) == (409, "client_email_taken")
    assert client.id in reply.json()["detail"]
    stored = send("GET", f"/leads/{lead['id']}").json()
    assert (stored["status"], stored["charter_id"], count_clients()) == ("new", None, 1)
    other = convert(lead["id"], client={"email": "bob@home.example"})
    assert (other.status, count_clients()) == (200, 2)


def test_lead_of_a_move_becomes_a_client_only() -> None:
    lead = capture_lead(kind="move")
    refused = convert(lead["id"])
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "charter")
    converted = convert(lead["id"], charter=None).json()
    assert (converted["status"], converted["charter_id"]) == ("converted", None)
    assert find_client(converted).email == lead["email"]


@pytest.mark.parametrize(
    ("fields", "body", "field"),
    [
        ({}, {"charter": None}, "charter"),
        ({"email": None, "phone": "+12125550177"}, {}, "client.email"),
        ({"estimated_passengers": None}, {}, "charter.passengers"),
        ({}, {"charter": {"vehicle_class": "coach"}}, "charter.stops"),
        ({}, {"charter": {**TRIP, "salesperson_id": ids.new("usr")}}, "salesperson_id"),
    ],
)
def test_missing_or_wrong_field_is_named_and_nothing_is_created(
    fields: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    lead = capture_lead(**fields)
    reply = convert(lead["id"], **body)
    assert (reply.status, [each["field"] for each in reply.json()["errors"]]) == (422, [field])
    assert (send("GET", f"/leads/{lead['id']}").json()["status"], count_clients()) == ("new", 0)


def test_dead_or_merged_lead_is_refused() -> None:
    dead, merged, into = capture_lead(), capture_lead(), capture_lead()
    send("PUT", f"/leads/{dead['id']}", {"status": "dead", "lost_reason": "price"})
    send("POST", f"/leads/{into['id']}/merge", {"other_lead_id": merged["id"]})
    codes = [convert(each["id"]).json()["code"] for each in (dead, merged)]
    assert codes == ["invalid_status_transition", "lead_merged"]


def test_person_can_ask_again_after_the_conversion() -> None:
    lead = capture_lead(**BOB)
    client_id = convert(lead["id"]).json()["client_id"]
    again = capture_lead(**BOB)
    assert (again["id"] != lead["id"], again["client_id"]) == (True, client_id)


def test_former_agent_is_neither_salesperson_nor_agent_of_the_client() -> None:
    user_id = create_user("Tom")
    lead = capture_lead(assigned_to_agent_id=user_id)
    user = store.get(User, USERS.key(org=ORG, id=user_id))
    store.commit(Caller.system("tests", ORG), Update(user, user.model_copy(update={"status": "disabled"})))
    converted = convert(lead["id"]).json()
    assert (find_charter(converted).salesperson_id, find_client(converted).assigned_agent_id) == (None, None)


def test_conversion_needs_the_permissions_of_what_it_creates() -> None:
    lead = capture_lead()
    assert convert(lead["id"], rights="sales:write clients:write").status == 403
    assert convert(lead["id"], rights="sales:write charters:write").status == 403
    assert convert(lead["id"], org_id=OTHER_ORG).status == 404
    assert call(api, "GET", f"{BASE}/leads/{lead['id']}", token=token_for("sales:read")).json()["status"] == "new"
