"""Answers to proposals: exactly what was chosen is accepted, once, all or nothing."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from coachway.core.types import ids
from coachway.pricing import quote_service as pricing
from tests.integration.client import call
from tests.integration.sales.proposal_builders import (
    STAFF,
    accept,
    bookings_api,
    create_charter,
    create_client,
    create_prices,
    create_proposal,
    decline,
    get_charter,
    list_statuses,
    open_proposal,
    send,
    send_bookings,
    send_proposal,
)

NOBODY_PAYS_NOW = {"payment_terms": "net_30"}


@pytest.fixture(autouse=True)
def _prices(organization: None) -> None:
    create_prices()


class Offer:
    """A sent proposal, its quotes and the token of its link."""

    def __init__(self, choice: str = "one", count: int = 3, **client: Any) -> None:
        self.client_id = create_client(**client)
        self.charters = [create_charter(self.client_id) for _ in range(count)]
        self.id = create_proposal(self.client_id, self.charters, choice=choice)["id"]
        self.token = send_proposal(self.id)

    @property
    def statuses(self) -> list[str]:
        return list_statuses(self.charters)

    @property
    def status(self) -> str:
        return str(send("GET", f"/{self.id}").json()["status"])

    def quote_statuses(self) -> list[str]:
        return [pricing.get_quote(STAFF, charter["quote"]["id"]).status for charter in self.charters]


def test_chosen_alternative_is_booked_and_the_others_are_declined() -> None:
    offer = Offer()
    answer = accept(offer.token, 2)
    assert answer.status == 200, answer.text
    body = answer.json()
    assert [(trip["item"], trip["status"], trip["deposit_due"]) for trip in body["trips"]] == [(2, "booked", 0)]
    assert body["total"] == offer.charters[1]["quote"]["total"]
    assert offer.statuses == ["declined", "booked", "declined"]
    assert offer.quote_statuses() == ["declined", "accepted", "declined"]
    assert offer.status == "accepted"
    assert open_proposal(offer.token).json()["chosen"] == [2]
    assert "/pages/quotes/" in body["trips"][0]["url"]
    assert call(bookings_api, "GET", f"/api/v1/quotes/{body['trips'][0]['url'].rsplit('/', 1)[1]}").status == 200


@pytest.mark.parametrize(
    ("choice", "items", "status"),
    [
        ("one", [1, 2], 422),
        ("one", [], 422),
        ("one", [4], 422),
        ("any", [1, 1], 422),
        ("any", [1, 3], 200),
        ("all", [1, 2], 422),
        ("all", [3, 2, 1], 200),
    ],
)
def test_choice_decides_which_items_can_be_accepted(choice: str, items: list[int], status: int) -> None:
    offer = Offer(choice)
    assert accept(offer.token, *items).status == status
    expected = ["booked" if number in items else "declined" for number in (1, 2, 3)]
    assert offer.statuses == (expected if status == 200 else ["quote"] * 3)


def test_same_choice_again_returns_the_first_answer_and_another_is_refused() -> None:
    offer = Offer("any")
    first = accept(offer.token, 1, 3)
    assert accept(offer.token, 3, 1).json() == first.json()
    for items in ([1], [2], [1, 2, 3]):
        assert accept(offer.token, *items).json()["code"] == "proposal_already_answered"
    assert decline(offer.token).json()["code"] == "proposal_already_answered"
    assert offer.statuses == ["booked", "declined", "booked"]


def test_declined_proposal_declines_its_quotes() -> None:
    offer = Offer()
    assert decline(offer.token).json()["status"] == "declined"
    assert decline(offer.token).status == 200
    assert offer.statuses == ["declined"] * 3
    assert get_charter(offer.charters[0]["id"])["status_reason"] == "Too expensive"
    assert accept(offer.token, 1).json()["code"] == "proposal_already_answered"


def test_revised_quote_cannot_be_chosen_and_the_view_does_not_show_it() -> None:
    offer = Offer()
    send_bookings("PUT", f"/charters/{offer.charters[0]['id']}", {"passengers": 41})
    view = open_proposal(offer.token).json()
    assert (view["choosable"], view["items"][0]["state"], view["items"][0]["quote"]) == ([2, 3], "changed", None)
    refused = accept(offer.token, 1)
    assert (refused.status, refused.json()["code"]) == (409, "proposal_outdated")
    assert offer.statuses == ["quote"] * 3
    assert accept(offer.token, 2).status == 200
    assert offer.statuses == ["quote", "booked", "declined"]


def test_parts_that_belong_together_cannot_be_accepted_without_a_cancelled_one() -> None:
    offer = Offer("all")
    send_bookings("POST", f"/charters/{offer.charters[1]['id']}/cancel", {"reason": "test"})
    assert open_proposal(offer.token).json()["choosable"] == []
    assert accept(offer.token, 1, 2, 3).json()["code"] == "proposal_outdated"
    assert offer.statuses == ["quote", "cancelled", "quote"]


def test_quote_accepted_by_its_own_link_ends_the_choice_among_alternatives() -> None:
    offer = Offer()
    link = send_bookings("POST", f"/charters/{offer.charters[0]['id']}/send-quote", {}).json()["token"]
    body = {"revision_number": 1, "accepted_by": "Dana Lee"}
    assert call(bookings_api, "POST", f"/api/v1/quotes/{link}/accept", body).status == 200
    for item in (1, 2):
        assert accept(offer.token, item).json()["code"] == "proposal_outdated"
    assert offer.statuses == ["booked", "quote", "quote"]


def test_deposits_are_due_per_trip_and_have_a_page() -> None:
    offer = Offer("any", payment_terms="due_on_receipt", credit_limit=0)
    answer = accept(offer.token, 1, 2).json()
    assert [trip["status"] for trip in answer["trips"]] == ["quote", "quote"]
    assert answer["deposit_due"] == sum(trip["deposit_due"] for trip in answer["trips"]) > 0
    for trip in answer["trips"]:
        token = trip["url"].rsplit("/", 1)[1]
        page = call(bookings_api, "GET", f"/api/v1/quotes/{token}").json()
        assert (page["status"], page["accepted_by"]) == ("quote", "Dana Lee")
    assert accept(offer.token, 1, 2).json() == answer
    assert offer.statuses == ["quote", "quote", "declined"]


def test_credit_limit_applies_to_the_sum_and_nothing_is_accepted_beyond_it() -> None:
    offer = Offer("any", credit_limit=100_000)
    total = int(offer.charters[0]["quote"]["total"] * 100)
    assert total < 100_000 < 2 * total
    refused = accept(offer.token, 1, 2)
    assert (refused.status, refused.json()["code"]) == (409, "credit_limit_exceeded")
    assert (offer.statuses, offer.status) == (["quote"] * 3, "sent")
    assert accept(offer.token, 1).status == 200


def test_ten_quotes_fit_into_one_transaction() -> None:
    offer = Offer("all", count=10, credit_limit=0)
    assert accept(offer.token, *range(1, 11)).status == 200
    assert offer.statuses == ["booked"] * 10


def test_people_choosing_different_options_at_once_get_exactly_one_outcome() -> None:
    offer = Offer()
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda item: accept(offer.token, item), [1, 2, 3, 1, 2, 3]))
    codes = Counter(reply.status for reply in replies)
    assert codes[200] == 2, "the winner and its repetition"
    assert codes[409] == 4
    assert sorted(offer.statuses) == ["booked", "declined", "declined"]
    chosen = open_proposal(offer.token).json()["chosen"]
    assert [offer.statuses[number - 1] for number in chosen] == ["booked"]


def test_acceptance_and_withdrawal_at_once_have_one_winner() -> None:
    for _ in range(5):
        offer = Offer(count=2)
        with ThreadPoolExecutor(2) as pool:
            accepted = pool.submit(accept, offer.token, 1)
            withdrawn = pool.submit(send, "POST", f"/{offer.id}/withdraw")
        assert sorted([accepted.result().status, withdrawn.result().status]) == [200, 409]
        expected = ["booked", "declined"] if accepted.result().status == 200 else ["quote", "quote"]
        assert offer.statuses == expected


def test_idempotency_key_repeats_the_answer() -> None:
    offer = Offer()
    headers = {"idempotency-key": ids.ulid()}
    assert accept(offer.token, 1, headers=headers).json() == accept(offer.token, 1, headers=headers).json()


def test_events_name_what_was_chosen() -> None:
    offer = Offer()
    accept(offer.token, 2)
    history = send("GET", f"/{offer.id}/history").json()["items"]
    assert [each["type"] for each in history] == ["proposal.created", "proposal.sent", "proposal.accepted"]
    accepted = history[-1]["data"]
    assert [trip["number"] for trip in accepted["trips"]] == [offer.charters[1]["number"]]
    assert accepted["declined_numbers"] == [offer.charters[0]["number"], offer.charters[2]["number"]]
    declined = send_bookings("GET", f"/charters/{offer.charters[0]['id']}").json()
    assert declined["status_reason"].startswith("Another option was chosen.")
