"""From registration to a booking, as an operator and its client see it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests import dates
from tests.stack import Stack
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("journey")

NUMBER = f"CH-{dates.TRIP_DAY.year}-000001"
MAIL_TIMEOUT = 30
"""Seconds within which a mail is sent, including a cold start."""


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


@pytest.mark.localstack
def test_accept_quote_books_charter_and_sends_confirmation(operator: Operator) -> None:
    charter = operator.call("POST", "/charters", operator.charter_body())
    assert (charter["status"], charter["number"]) == ("quote", NUMBER)
    assert [line["amount"] for line in charter["quote"]["lines"]] == [350.0, 375.0, 1.5]
    assert (charter["quote"]["total"], charter["quote"]["currency"]) == (726.5, "USD")

    sent = operator.call("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
    mail = operator.stack.wait_for_mail(operator.client_email, "^Your quote", MAIL_TIMEOUT)
    assert "$726.50" in mail["BodyText"]
    assert "$726.50" in mail["BodyHtml"]
    assert _find_links(mail["BodyText"]) == {sent["url"]}
    assert sent["url"] in _find_links(mail["BodyHtml"])
    page = httpx.get(sent["url"], timeout=60)
    assert (page.status_code, "$726.50" in page.text) == (200, True)

    quote = operator.http.get(f"/quotes/{sent['token']}")
    assert (quote.status_code, quote.json()["total"]) == (200, 726.5)
    for hidden in (operator.org_id, operator.client_id, charter["id"], "cost", "margin"):
        assert hidden not in quote.text

    accepted = operator.accept_quote(sent["token"])
    expected = {"status": "booked", "number": NUMBER, "deposit_due": 0.0, "payment": None}
    assert (accepted.status_code, accepted.json()) == (200, expected)
    assert operator.accept_quote(sent["token"]).status_code == 409
    booked = operator.call("GET", f"/charters/{charter['id']}")
    assert (booked["status"], booked["accepted_by"]) == ("booked", "Dana Lee")
    _assert_history(operator, charter["id"])

    confirmation = operator.stack.wait_for_mail(operator.client_email, "^Booking confirmed", MAIL_TIMEOUT)
    for text in (NUMBER, "Dana Lee", "11 Wall St, New York, NY", dates.long_date(dates.TRIP_DAY)):
        assert text in confirmation["BodyText"]
        assert text in confirmation["BodyHtml"]
    assert [each["status"] for each in operator.list_notifications(operator.client_email)] == ["sent", "sent"]


def _find_links(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s\"'<>]+", text))


def _assert_history(operator: Operator, charter_id: str) -> None:
    history = operator.list_history(charter_id)
    assert [each["type"] for each in history] == ["charter.created", "quote.sent", "quote.accepted", "charter.booked"]
    assert [each["occurred_at"] for each in history] == sorted(each["occurred_at"] for each in history)
    me = operator.call("GET", "/auth/me")
    assert history[0]["actor"]["user_id"] == me["id"]
    assert history[3]["actor"]["role"] == "client"
    changes: dict[str, Any] = {each["field"]: (each["old"], each["new"]) for each in history[3]["changes"]}
    assert changes["status"] == ("quote", "booked")
    assert changes["accepted_by"] == (None, "Dana Lee")


def test_revise_quote_invalidates_previous_link(operator: Operator) -> None:
    charter = operator.create_quoted_charter()
    revised = operator.call("PUT", f"/charters/{charter['id']}", {"miles": 200})
    assert (revised["revision_number"], revised["quote"]["total"]) == (2, 852.0)
    assert operator.accept_quote(charter["token"]).status_code == 409
    sent = operator.call("POST", f"/charters/{charter['id']}/send-quote", {})
    late_response = operator.accept_quote(sent["token"])
    assert (late_response.status_code, "revision" in late_response.text) == (409, True)
    response = operator.http.post(
        f"/quotes/{sent['token']}/accept", json={"revision_number": 2, "accepted_by": "Dana Lee"}
    )
    assert response.json()["status"] == "booked"


def test_other_organization_cannot_read_charter(operator: Operator, stack: Stack) -> None:
    charter = operator.create_quoted_charter()
    other = Operator.create(stack)
    for path in (f"/charters/{charter['id']}", f"/charters/{charter['id']}/history", f"/clients/{operator.client_id}"):
        assert other.send("GET", path).status_code == 404
    assert other.list_all("/charters") == []
