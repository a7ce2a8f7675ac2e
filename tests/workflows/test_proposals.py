"""A proposal on the deployed stack: people choose different options at the same moment."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from tests.stack import Stack
from tests.workflows.organization_builders import Operator, count_statuses, run_concurrently, start_workers

pytestmark = pytest.mark.xdist_group("races")
_OPTIONS = 3


def test_people_choosing_different_options_at_once_book_exactly_one(stack: Stack) -> None:
    operator = Operator.create(stack)
    charters = [operator.call("POST", "/charters", operator.charter_body()) for _ in range(_OPTIONS)]
    body = {
        "client_id": charters[0]["client_id"],
        "title": "Three ways to travel",
        "valid_until": charters[0]["starts_at"],
        "items": [{"charter_id": charter["id"]} for charter in charters],
    }
    proposal = operator.call("POST", "/sales/proposals", body)
    token = operator.call("POST", f"/sales/proposals/{proposal['id']}/send")["token"]
    start_workers(lambda: operator.http.get(f"/proposals/{token}"))

    def choose(number: int) -> httpx.Response:
        choice = {"revision_number": 1, "items": [1 + number % _OPTIONS], "accepted_by": f"Person {number}"}
        return operator.http.post(f"/proposals/{token}/accept", json=choice)

    answers = run_concurrently(12, choose)
    # The first answer is repeated to the others who chose the same option.
    assert count_statuses(answers) == {200: 4, 409: 8}
    assert len({answer.text for answer in answers if answer.is_success}) == 1
    assert {answer.json()["code"] for answer in answers if not answer.is_success} == {"proposal_already_answered"}

    [chosen] = operator.http.get(f"/proposals/{token}").json()["chosen"]
    statuses = [operator.call("GET", f"/charters/{charter['id']}")["status"] for charter in charters]
    assert Counter(statuses) == {"booked": 1, "declined": 2}
    assert statuses[chosen - 1] == "booked"
    assert Counter(each["type"] for each in operator.list_history(charters[chosen - 1]["id"])) == {
        "charter.created": 1,
        "quote.accepted": 1,
        "charter.booked": 1,
    }
    stack.wait_for_mail(operator.client_email, "^Booking confirmed")
    stack.wait_for_mail(operator.client_email, "Three ways to travel: proposal")
