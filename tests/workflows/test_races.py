"""Of many at the same moment, one: run on the deployed stack, each request in a process of its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from coachway.bookings.charters.model import CHARTER
from tests import dates
from tests.stack import Stack
from tests.workflows.carrier import Carrier, at_once, start_workers, statuses

pytestmark = pytest.mark.xdist_group("races")

MANY = 50


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def _codes(answers: list[httpx.Response], status: int) -> set[str]:
    return {answer.json()["code"] for answer in answers if answer.status_code == status}


def _items(carrier: Carrier, pk: str) -> list[dict[str, Any]]:
    """What the table holds in a partition."""
    answer = carrier.stack.client("dynamodb").query(
        TableName=carrier.stack.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )
    items: list[dict[str, Any]] = answer["Items"]
    return items


def test_accept_quote_fifty_times_books_once(carrier: Carrier) -> None:
    charter = carrier.quoted()
    before = carrier.ask("GET", "/charters/dashboard-summary")["by_status"]
    start_workers(lambda: carrier.http.get(f"/quotes/{charter['token']}"))
    answers = at_once(MANY, lambda _: carrier.accept(charter["token"]))
    assert statuses(answers) == {200: 1, 409: MANY - 1}
    assert _codes(answers, 409) == {"quote_already_answered"}

    told = Counter(each["type"] for each in carrier.history(charter["id"]))
    assert told == {"charter.created": 1, "quote.sent": 1, "quote.accepted": 1, "charter.booked": 1}
    after = carrier.ask("GET", "/charters/dashboard-summary")["by_status"]
    assert after["booked"]["count"] - before["booked"]["count"] == 1
    assert before["quote"]["count"] - after["quote"]["count"] == 1
    assert carrier.ask("GET", f"/pricing/quotes/{charter['quote']['id']}")["status"] == "accepted"

    items = _items(carrier, CHARTER.partition(org=carrier.org_id, id=charter["id"]))
    assert Counter(item["kind"]["S"] for item in items) == {"charter": 1, "quote_link": 1, "event": 4}
    head = next(item for item in items if item["kind"]["S"] == "charter")
    assert (head["status"]["S"], head["version"]["N"]) == ("booked", "3")
    carrier.stack.wait_for_mail(carrier.client_email, "^You are booked")
    assert [each["template"] for each in carrier.notifications(carrier.client_email)] == [
        "charter-booked",
        "quote-sent",
    ]


def test_concurrent_accept_and_decline_leave_one_answer(carrier: Carrier) -> None:
    charter = carrier.quoted()

    def answer(number: int) -> httpx.Response:
        if number % 2:
            return carrier.accept(charter["token"])
        return carrier.http.post(f"/quotes/{charter['token']}/decline", json={"revision_number": 1})

    answers = at_once(20, answer)
    assert statuses(answers) == {200: 1, 409: 19}
    said = next(each.json()["status"] for each in answers if each.is_success)
    assert carrier.ask("GET", f"/charters/{charter['id']}")["status"] == said
    assert len(carrier.history(charter["id"])) == (4 if said == "booked" else 3)


def test_concurrent_charters_have_gapless_numbers(stack: Stack) -> None:
    carrier = Carrier.opened(stack)
    answers = at_once(MANY, lambda _: carrier.send("POST", "/charters", carrier.trip()))
    assert statuses(answers) == {201: MANY}
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"CH-{dates.TRIP_DAY.year}-{number:06d}" for number in range(1, MANY + 1)]
    summary = carrier.ask("GET", "/charters/dashboard-summary")
    assert (summary["total"], summary["open_value"]) == (MANY, MANY * 726.5)
    assert sorted(each["number"] for each in carrier.everything("/charters")) == numbers


def test_concurrent_requests_with_one_idempotency_key_create_one_charter(stack: Stack) -> None:
    carrier = Carrier.opened(stack)
    answers = at_once(20, lambda _: carrier.send("POST", "/charters", carrier.trip(), idempotency_key="once"))
    assert statuses(answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert [each["id"] for each in carrier.everything("/charters")] == [answers[0].json()["id"]]
    assert carrier.ask("GET", "/charters/dashboard-summary")["total"] == 1


def test_concurrent_acceptances_use_promo_code_up_to_limit(carrier: Carrier) -> None:
    promo = {"code": "SPRING10", "percent": 10, "max_uses": 5}
    carrier.ask("POST", "/pricing/promo-codes", promo)
    charters = [carrier.quoted(promo_code="SPRING10") for _ in range(20)]
    assert {charter["quote"]["discount"] for charter in charters} == {72.65}
    answers = at_once(20, lambda number: carrier.accept(charters[number]["token"]))
    assert statuses(answers) == {200: 5, 409: 15}
    assert _codes(answers, 409) == {"promo_code_used_up"}
    assert carrier.everything("/pricing/promo-codes")[0]["uses_left"] == 0
    states = Counter(carrier.ask("GET", f"/charters/{charter['id']}")["status"] for charter in charters)
    assert states == {"booked": 5, "quote": 15}


def test_one_slug_belongs_to_one_organization(stack: Stack) -> None:
    carrier = Carrier(stack)

    def register(number: int) -> httpx.Response:
        wanted = carrier.registration()
        wanted["admin"]["email"] = f"ana{number}@{carrier.slug}.example"
        return carrier.http.post("/auth/register", json=wanted)

    answers = at_once(MANY, register)
    assert statuses(answers) == {201: 1, 409: MANY - 1}
    assert {answer.json()["errors"][0]["field"] for answer in answers if answer.status_code == 409} == {
        "organization.slug"
    }


def test_concurrent_clients_with_same_email_create_one(carrier: Carrier) -> None:
    answers = at_once(MANY, lambda number: carrier.send("POST", "/clients", carrier.client(f"Twin {number}", "twins")))
    assert statuses(answers) == {201: 1, 409: MANY - 1}
    named = [each for each in carrier.everything("/clients") if each["name"].startswith("Twin")]
    assert [each["id"] for each in named] == [answer.json()["id"] for answer in answers if answer.status_code == 201]


def test_concurrent_edits_of_one_version_one_fails(carrier: Carrier) -> None:
    known = carrier.send("GET", f"/clients/{carrier.client_id}")
    answers = at_once(
        8,
        lambda number: carrier.send(
            "PUT", f"/clients/{carrier.client_id}", {"name": f"Acme {number}"}, if_match=known.headers["etag"]
        ),
    )
    counted = statuses(answers)
    assert counted.pop(200) == 1
    assert set(counted) <= {409, 412}
    winner = next(answer.json() for answer in answers if answer.is_success)
    now = carrier.ask("GET", f"/clients/{carrier.client_id}")
    assert (now["name"], now["version"]) == (winner["name"], known.json()["version"] + 1)


def test_a_refresh_token_used_by_many_at_once_ends_its_session(carrier: Carrier) -> None:
    session = carrier.log_in()
    answers = at_once(8, lambda _: carrier.http.post("/auth/refresh", json={"refresh_token": session["refresh_token"]}))
    assert statuses(answers) == {200: 1, 401: 7}
    following = next(answer.json() for answer in answers if answer.is_success)
    again = carrier.http.post("/auth/refresh", json={"refresh_token": following["refresh_token"]})
    assert again.status_code == 401
