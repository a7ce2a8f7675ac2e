"""The quotes of an agent's day, through every change of a charter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    create_charter,
    create_organizations,
    future_stops,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.bookings.test_salesperson import open_page
from tests.integration.client import token_for
from tests.integration.sales.builders import OTHER_ORG, send

LISTS = ("quotes_expiring", "quotes_unanswered", "quotes_accepted")


@pytest.fixture(autouse=True)
def organization() -> None:
    """The organization with prices and a client, instead of that of the other sales tests."""
    create_organizations()


def create_agent(name: str = "Sarah") -> str:
    user_id = ids.new("usr")
    values = {"email": f"{user_id.lower()}@harbor.example", "first_name": name, "last_name": "Sales"}
    user = User(id=user_id, org_id=ORG, role="staff", status="active", **values)
    store.commit(Caller.system("tests", ORG), Create(user))
    return user_id


class Desk:
    """An agent and one quote of theirs."""

    def __init__(self, hours: int = 24, **fields: Any) -> None:
        self.agent = create_agent()
        self.charter = create_charter(salesperson_id=self.agent, stops=future_stops(), **fields)
        self.hours = hours
        self.token = ""

    def send(self) -> Desk:
        self.token = send_quote(self.charter["id"], hours=self.hours)
        return self

    def open(self) -> Desk:
        assert open_page(self.token, "POST").status == 204
        return self

    def update(self, **fields: Any) -> None:
        reply = send_request("PUT", f"/charters/{self.charter['id']}", fields)
        assert reply.status == 200, reply.text

    def get_day(self, after: timedelta = timedelta(0), agent: str = "") -> dict[str, Any]:
        with clock.frozen(clock.now() + after):
            return get_day(agent or self.agent)

    def list_quotes(self, after: timedelta = timedelta(0), agent: str = "") -> list[str]:
        """The lists that contain the quote."""
        day = self.get_day(after, agent)
        return [name for name in LISTS if [each["charter_id"] for each in day[name]] == [self.charter["id"]]]


def get_day(agent: str, **options: Any) -> dict[str, Any]:
    reply = send("GET", "/my-day", token=token_for("sales:read", user_id=agent, **options))
    assert reply.status == 200, reply.text
    return dict(reply.json())


def test_quote_is_listed_from_sending_until_it_is_answered() -> None:
    desk = Desk(hours=60)
    assert desk.list_quotes() == []
    desk.send()
    assert desk.list_quotes() == []
    assert desk.list_quotes(timedelta(hours=13)) == ["quotes_expiring"]
    desk.open()
    assert desk.list_quotes(timedelta(hours=5)) == []
    assert desk.list_quotes(timedelta(hours=25)) == ["quotes_expiring", "quotes_unanswered"]
    assert desk.list_quotes(timedelta(hours=61)) == []
    assert answer_quote(desk.token).status == 200
    assert desk.list_quotes() == ["quotes_accepted"]
    assert desk.list_quotes(timedelta(hours=48)) == []


def test_entry_has_what_the_agent_needs() -> None:
    desk = Desk().send().open()
    [entry] = desk.get_day()["quotes_expiring"]
    charter = send_request("GET", f"/charters/{desk.charter['id']}").json()
    expected = {
        "charter_id": charter["id"],
        "charter_number": charter["number"],
        "client_id": CLIENT_ID,
        "client_name": "Acme Events",
        "trip_date": charter["trip_date"],
        "starts_at": charter["starts_at"],
        "total": charter["quote"]["total"],
        "currency": "USD",
        "passengers": 40,
        "pickup": "11 Wall St, New York, NY",
        "dropoff": "1901 Boardwalk, Atlantic City, NJ",
        "accepted_at": None,
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["opened_at"] is not None
    assert entry["expires_at"][:16] == charter["quote_expires_at"][:16]


@pytest.mark.parametrize("change", ["declined", "cancelled", "revised", "deleted", "expired"])
def test_quote_without_need_to_follow_up_is_not_listed(change: str) -> None:
    desk = Desk().send().open()
    later = timedelta(hours=1)
    assert desk.list_quotes(later) == ["quotes_expiring"]
    match change:
        case "declined":
            assert answer_quote(desk.token, "decline", reason="Too late").status == 200
        case "revised":
            desk.update(passengers=41)
        case "deleted":
            assert send_request("DELETE", f"/charters/{desk.charter['id']}").status == 204
        case _:
            assert set_status(desk.charter["id"], change).status == 200
    assert desk.list_quotes(later) == []


def test_revised_quote_is_listed_again_when_it_is_sent_again() -> None:
    desk = Desk().send().open()
    desk.update(passengers=41)
    desk.send()
    assert desk.list_quotes() == ["quotes_expiring"]


def test_quote_moves_with_its_salesperson() -> None:
    desk = Desk().send()
    tom = create_agent("Tom")
    desk.update(salesperson_id=tom)
    assert (desk.list_quotes(), desk.list_quotes(agent=tom)) == ([], ["quotes_expiring"])
    desk.update(salesperson_id=None)
    assert (desk.list_quotes(), desk.list_quotes(agent=tom)) == ([], [])


def test_booked_trip_of_today_stays_until_it_is_cancelled() -> None:
    desk = Desk().send()
    assert set_status(desk.charter["id"], "booked").status == 200
    assert desk.list_quotes() == ["quotes_accepted"]
    assert set_status(desk.charter["id"], "cancelled").status == 200
    assert desk.list_quotes() == []


def test_quotes_of_others_are_not_listed() -> None:
    desk = Desk().send()
    names = {"slug": "other", "name": "Other Coach", "timezone": "America/New_York", "currency": "USD"}
    other_organization = Organization(id=OTHER_ORG, org_id=OTHER_ORG, **names)
    store.commit(Caller.system("tests", OTHER_ORG), Create(other_organization))
    for other in (get_day(create_agent("Tom")), get_day(desk.agent, org_id=OTHER_ORG)):
        assert [other[name] for name in LISTS] == [[], [], []]


def test_client_who_was_removed_has_no_name() -> None:
    desk = Desk().send()
    client = store.get(Client, CLIENT.key(org=ORG, id=CLIENT_ID))
    store.commit(STAFF, Update(client, client.model_copy(update={"deleted_at": clock.now()})))
    assert [each["client_name"] for each in desk.get_day()["quotes_expiring"]] == [""]


def test_number_of_calls_does_not_depend_on_the_number_of_quotes() -> None:
    desk, calls = Desk().send(), []
    token = token_for("sales:read", user_id=desk.agent)
    for _ in range(2):
        before = call_stats.calls
        assert send("GET", "/my-day", token=token).status == 200
        calls.append(call_stats.calls - before)
        for _ in range(8):
            charter = create_charter(salesperson_id=desk.agent, stops=future_stops())
            send_quote(charter["id"], hours=24)
    assert calls == [3, 3]
    day = get_day(desk.agent)
    assert (len(day["quotes_expiring"]), day["has_more_quotes"]) == (17, False)
