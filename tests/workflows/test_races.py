"""Concurrent requests on the deployed stack, each in its own process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from coachway.bookings.charters.model import CHARTER
from tests import dates
from tests.stack import Stack
from tests.workflows.organization_builders import (
    RACE_REQUESTS,
    Operator,
    count_statuses,
    run_concurrently,
    start_workers,
)

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


def _list_codes(answers: list[httpx.Response], status: int) -> set[str]:
    return {response.json()["code"] for response in answers if response.status_code == status}


def _list_items(operator: Operator, pk: str) -> list[dict[str, Any]]:
    """The items of a partition of the table."""
    response = operator.stack.client("dynamodb").query(
        TableName=operator.stack.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )
    items: list[dict[str, Any]] = response["Items"]
    return items


def test_accept_quote_many_times_books_once(operator: Operator) -> None:
    charter = operator.create_quoted_charter()
    before = operator.call("GET", "/charters/dashboard-summary")["by_status"]
    start_workers(lambda: operator.http.get(f"/quotes/{charter['token']}"))
    answers = run_concurrently(RACE_REQUESTS, lambda _: operator.accept_quote(charter["token"]))
    assert count_statuses(answers) == {200: 1, 409: RACE_REQUESTS - 1}
    assert _list_codes(answers, 409) == {"quote_already_answered"}

    event_counts = Counter(each["type"] for each in operator.list_history(charter["id"]))
    assert event_counts == {"charter.created": 1, "quote.sent": 1, "quote.accepted": 1, "charter.booked": 1}
    after = operator.call("GET", "/charters/dashboard-summary")["by_status"]
    assert after["booked"]["count"] - before["booked"]["count"] == 1
    assert before["quote"]["count"] - after["quote"]["count"] == 1
    assert operator.call("GET", f"/pricing/quotes/{charter['quote']['id']}")["status"] == "accepted"

    items = _list_items(operator, CHARTER.partition(org=operator.org_id, id=charter["id"]))
    kinds = Counter(
        item["kind"]["S"] for item in items if item["kind"]["S"] != "trip_reminders"
    )  # stored a little later
    assert kinds == {"charter": 1, "uncovered_trip": 1, "quote_link": 1, "event": 4}
    head = next(item for item in items if item["kind"]["S"] == "charter")
    assert (head["status"]["S"], head["version"]["N"]) == ("booked", "3")
    operator.stack.wait_for_mail(operator.client_email, "^Booking confirmed")
    assert [each["template"] for each in operator.list_notifications(operator.client_email)] == [
        "charter-booked",
        "quote-sent",
    ]


def test_concurrent_accept_and_decline_leave_one_answer(operator: Operator) -> None:
    charter = operator.create_quoted_charter()

    def send_decision(number: int) -> httpx.Response:
        if number % 2:
            return operator.accept_quote(charter["token"])
        return operator.http.post(f"/quotes/{charter['token']}/decline", json={"revision_number": 1})

    answers = run_concurrently(20, send_decision)
    assert count_statuses(answers) == {200: 1, 409: 19}
    status = next(each.json()["status"] for each in answers if each.is_success)
    assert operator.call("GET", f"/charters/{charter['id']}")["status"] == status
    assert len(operator.list_history(charter["id"])) == (4 if status == "booked" else 3)


def test_concurrent_charters_have_gapless_numbers(stack: Stack) -> None:
    operator = Operator.create(stack)
    answers = run_concurrently(RACE_REQUESTS, lambda _: operator.send("POST", "/charters", operator.charter_body()))
    assert count_statuses(answers) == {201: RACE_REQUESTS}
    numbers = sorted(response.json()["number"] for response in answers)
    assert numbers == [f"CH-{dates.TRIP_DAY.year}-{number:06d}" for number in range(1, RACE_REQUESTS + 1)]
    summary = operator.call("GET", "/charters/dashboard-summary")
    assert (summary["total"], summary["open_value"]) == (RACE_REQUESTS, RACE_REQUESTS * 726.5)
    assert sorted(each["number"] for each in operator.list_all("/charters")) == numbers


def test_concurrent_requests_with_one_idempotency_key_create_one_charter(stack: Stack) -> None:
    operator = Operator.create(stack)
    answers = run_concurrently(
        20, lambda _: operator.send("POST", "/charters", operator.charter_body(), idempotency_key="once")
    )
    assert count_statuses(answers) == {201: 20}
    assert len({response.content for response in answers}) == 1
    assert [each["id"] for each in operator.list_all("/charters")] == [answers[0].json()["id"]]
    assert operator.call("GET", "/charters/dashboard-summary")["total"] == 1


def test_concurrent_acceptances_use_promo_code_up_to_limit(operator: Operator) -> None:
    promo = {"code": "SPRING10", "percent": 10, "max_uses": 5}
    operator.call("POST", "/pricing/promo-codes", promo)
    charters = [operator.create_quoted_charter(promo_code="SPRING10") for _ in range(20)]
    assert {charter["quote"]["discount"] for charter in charters} == {72.65}
    answers = run_concurrently(20, lambda number: operator.accept_quote(charters[number]["token"]))
    assert count_statuses(answers) == {200: 5, 409: 15}
    assert _list_codes(answers, 409) == {"promo_code_used_up"}
    assert operator.list_all("/pricing/promo-codes")[0]["uses_left"] == 0
    states = Counter(operator.call("GET", f"/charters/{charter['id']}")["status"] for charter in charters)
    assert states == {"booked": 5, "quote": 15}


def test_one_slug_belongs_to_one_organization(stack: Stack) -> None:
    operator = Operator(stack)

    def register(number: int) -> httpx.Response:
        body = operator.registration_body()
        body["admin"]["email"] = f"ana{number}@{operator.slug}.example"
        return operator.http.post("/auth/register", json=body)

    answers = run_concurrently(RACE_REQUESTS, register)
    assert count_statuses(answers) == {201: 1, 409: RACE_REQUESTS - 1}
    assert {response.json()["errors"][0]["field"] for response in answers if response.status_code == 409} == {
        "organization.slug"
    }


def test_concurrent_clients_with_same_email_create_one(operator: Operator) -> None:
    answers = run_concurrently(
        RACE_REQUESTS, lambda number: operator.send("POST", "/clients", operator.client_body(f"Twin {number}", "twins"))
    )
    assert count_statuses(answers) == {201: 1, 409: RACE_REQUESTS - 1}
    twins = [each for each in operator.list_all("/clients") if each["name"].startswith("Twin")]
    assert [each["id"] for each in twins] == [
        response.json()["id"] for response in answers if response.status_code == 201
    ]


def test_concurrent_edits_of_one_version_one_fails(operator: Operator) -> None:
    original = operator.send("GET", f"/clients/{operator.client_id}")
    answers = run_concurrently(
        8,
        lambda number: operator.send(
            "PUT", f"/clients/{operator.client_id}", {"name": f"Acme {number}"}, if_match=original.headers["etag"]
        ),
    )
    counts = count_statuses(answers)
    assert counts.pop(200) == 1
    assert set(counts) <= {409, 412}
    winner = next(response.json() for response in answers if response.is_success)
    current = operator.call("GET", f"/clients/{operator.client_id}")
    assert (current["name"], current["version"]) == (winner["name"], original.json()["version"] + 1)


def test_refresh_token_used_many_at_once_ends_session(operator: Operator) -> None:
    session = operator.log_in()
    answers = run_concurrently(
        8, lambda _: operator.http.post("/auth/refresh", json={"refresh_token": session["refresh_token"]})
    )
    assert count_statuses(answers) == {200: 1, 401: 7}
    next_session = next(answer.json() for answer in answers if answer.is_success)
    response = operator.http.post("/auth/refresh", json={"refresh_token": next_session["refresh_token"]})
    assert response.status_code == 401
