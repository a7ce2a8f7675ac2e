"""The web page of a proposal: compare, choose, confirm."""

from __future__ import annotations

import base64
import re
from urllib.parse import urlencode

import pytest

from coachway.core.documents.pdf import Pdf
from tests.integration.client import Reply, call, token_for
from tests.integration.sales.proposal_builders import (
    create_charter,
    create_client,
    create_prices,
    create_proposal,
    list_statuses,
    send,
    send_bookings,
    send_proposal,
)
from tests.unit.pdf_text import read_pages
from tools.function_modules import load

pages = load("sales", "proposal_page").api
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def _prices(organization: None) -> None:
    create_prices()


class Offer:
    """A sent proposal and its page."""

    def __init__(self, choice: str = "one", count: int = 3, **client: object) -> None:
        self.client_id = create_client(**client)
        self.charters = [create_charter(self.client_id) for _ in range(count)]
        self.id = create_proposal(self.client_id, self.charters, choice=choice, terms="Parking is extra.")["id"]
        self.token = send_proposal(self.id)

    def get(self, path: str = "", **query: str) -> Reply:
        return call(pages, "GET", f"/pages/proposals/{self.token}{path}", query=query)

    def post(self, path: str, **fields: object) -> Reply:
        body = urlencode({"revision_number": 1, **fields}).encode()
        return call(pages, "POST", f"/pages/proposals/{self.token}{path}", headers=FORM, raw=body)

    def accept(self, items: str) -> Reply:
        return self.post("/accept", items=items, accepted_by="Dana Lee", agreed="true")


def test_page_offers_every_option_and_changes_nothing() -> None:
    offer = Offer()
    page = offer.get()
    assert page.status == 200
    assert re.findall(r'type="radio"[^>]*value="(\d)"', page.text) == ["1", "2", "3"]
    assert "Parking is extra." in page.text
    review = offer.get("/review", item="2")
    assert (review.status, review.text.count("<small>CH-")) == (200, 1)
    assert 'name="items" value="2"' in review.text
    assert list_statuses(offer.charters) == ["quote"] * 3


def test_confirmed_choice_is_accepted_and_shown() -> None:
    offer = Offer("any")
    review = offer.get("/review", item_1="true", item_3="true")
    assert 'name="items" value="1,3"' in review.text
    accepted = offer.accept("1,3")
    assert (accepted.status, accepted.headers["Location"]) == (303, f"../{offer.token}")
    assert list_statuses(offer.charters) == ["booked", "declined", "booked"]
    page = offer.get().text
    assert (page.count("Booked."), page.count("Not chosen.")) == (2, 1)
    assert "Thank you, Dana Lee" in page


@pytest.mark.parametrize("fields", [{"accepted_by": "", "agreed": "true"}, {"accepted_by": "Dana Lee"}])
def test_missing_name_or_consent_shows_the_form_again(fields: dict[str, str]) -> None:
    offer = Offer()
    again = offer.post("/accept", items="2", **fields)
    assert again.status == 422
    assert 'name="items" value="2"' in again.text
    assert list_statuses(offer.charters) == ["quote"] * 3


def test_form_without_a_name_or_a_possible_choice_answers_422() -> None:
    offer = Offer()
    for choice in ("", "9", "1,2"):
        assert offer.post("/accept", items=choice, accepted_by="", agreed="true").status == 422
    assert offer.accept("2").status == 303
    again = offer.post("/accept", items="2", accepted_by="", agreed="true")
    assert (again.status, "Thank you, Dana Lee" in again.text) == (422, True)


def test_choice_that_is_not_possible_shows_the_current_state() -> None:
    offer = Offer()
    assert "Choose what you want to accept" in offer.get("/review").text
    review = offer.get("/review", item="1")
    assert review.status == 200
    send_bookings("PUT", f"/charters/{offer.charters[0]['id']}", {"passengers": 41})
    refused = offer.accept("1")
    assert refused.status == 409
    assert "Option 1 has been changed" in refused.text
    assert re.findall(r'type="radio"[^>]*value="(\d)"', refused.text) == ["2", "3"]
    assert "41" not in re.sub(r"<style>.*?</style>", "", refused.text, flags=re.DOTALL)


def test_answered_and_withdrawn_proposals_say_so() -> None:
    first, second = Offer(), Offer()
    assert first.post("/decline", reason="Too late").status == 303
    assert "This proposal was declined" in first.get().text
    assert first.accept("1").status == 409
    send("POST", f"/{second.id}/withdraw")
    page = second.get()
    assert (page.status, "This proposal was withdrawn" in page.text) == (404, True)
    assert second.accept("1").status == 404


def test_deposits_are_paid_on_the_pages_of_the_trips() -> None:
    offer = Offer("all", count=2, payment_terms="due_on_receipt", credit_limit=0)
    assert "Accept, then pay $" in offer.get("/review", item_1="true", item_2="true").text
    assert offer.accept("1,2").status == 303
    page = offer.get().text
    assert page.count("It is booked once its deposit is paid.") == 2
    assert len(re.findall(r'href="https://coachway.test/live/pages/quotes/[^"]+"', page)) == 2


def test_forged_link_is_not_found() -> None:
    assert call(pages, "GET", "/pages/proposals/abc").status == 404


def test_pdf_shows_the_quotes_to_the_office_and_the_client() -> None:
    offer = Offer()
    for path, token in (
        (f"/api/v1/sales/proposals/{offer.id}/pdf", token_for("sales:read")),
        (f"/pages/proposals/{offer.token}/pdf", ""),
    ):
        pdf = call(pages, "GET", path, token=token)
        assert (pdf.status, pdf.headers["Content-Type"]) == (200, "application/pdf")
        text = " ".join(read_pages(Pdf(base64.b64decode(pdf.text), [])))
        assert all(charter["number"] in text for charter in offer.charters)
        assert "$675.00" in text
