"""From signing up to a booking, as an operator and its client see it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests import dates
from tests.stack import Stack
from tests.workflows.carrier import Carrier

NUMBER = f"CH-{dates.TRIP_DAY.year}-000001"
SOON = 30
"""Seconds in which a mail has left, a cold start included."""


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


@pytest.mark.localstack
def test_a_charter_goes_from_quote_to_booked(carrier: Carrier) -> None:
    charter = carrier.ask("POST", "/charters", carrier.trip())
    assert (charter["status"], charter["number"]) == ("quote", NUMBER)
    assert [line["amount"] for line in charter["quote"]["lines"]] == [350.0, 375.0, 1.5]
    assert (charter["quote"]["total"], charter["quote"]["currency"]) == (726.5, "USD")

    sent = carrier.ask("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
    mail = carrier.stack.wait_for_mail(carrier.client_email, "^Your quote", SOON)
    assert "$726.50" in mail["BodyText"]
    assert "$726.50" in mail["BodyHtml"]
    assert _links(mail["BodyText"]) == {sent["url"]}
    assert sent["url"] in _links(mail["BodyHtml"])
    page = httpx.get(sent["url"], timeout=60)
    assert (page.status_code, "$726.50" in page.text) == (200, True)

    seen = carrier.http.get(f"/quotes/{sent['token']}")
    assert (seen.status_code, seen.json()["total"]) == (200, 726.5)
    for hidden in (carrier.org_id, carrier.client_id, charter["id"], "cost", "margin"):
        assert hidden not in seen.text

    accepted = carrier.accept(sent["token"])
    answer = {"status": "booked", "number": NUMBER, "deposit_due": 0.0, "payment": None}
    assert (accepted.status_code, accepted.json()) == (200, answer)
    assert carrier.accept(sent["token"]).status_code == 409
    booked = carrier.ask("GET", f"/charters/{charter['id']}")
    assert (booked["status"], booked["accepted_by"]) == ("booked", "Dana Lee")
    _tells_who_when_and_what(carrier, charter["id"])

    confirmation = carrier.stack.wait_for_mail(carrier.client_email, "^You are booked", SOON)
    for said in (NUMBER, "Dana Lee", "11 Wall St, New York, NY", dates.spelled(dates.TRIP_DAY)):
        assert said in confirmation["BodyText"]
        assert said in confirmation["BodyHtml"]
    assert [each["status"] for each in carrier.notifications(carrier.client_email)] == ["sent", "sent"]


def _links(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s\"'<>]+", text))


def _tells_who_when_and_what(carrier: Carrier, charter_id: str) -> None:
    history = carrier.history(charter_id)
    assert [each["type"] for each in history] == ["charter.created", "quote.sent", "quote.accepted", "charter.booked"]
    assert [each["occurred_at"] for each in history] == sorted(each["occurred_at"] for each in history)
    me = carrier.ask("GET", "/auth/me")
    assert history[0]["actor"]["user_id"] == me["id"]
    assert history[3]["actor"]["role"] == "client"
    changes: dict[str, Any] = {each["field"]: (each["old"], each["new"]) for each in history[3]["changes"]}
    assert changes["status"] == ("quote", "booked")
    assert changes["accepted_by"] == (None, "Dana Lee")


def test_a_revised_quote_voids_the_link_that_was_sent_before(carrier: Carrier) -> None:
    charter = carrier.quoted()
    revised = carrier.ask("PUT", f"/charters/{charter['id']}", {"miles": 200})
    assert (revised["revision_number"], revised["quote"]["total"]) == (2, 852.0)
    assert carrier.accept(charter["token"]).status_code == 409
    sent = carrier.ask("POST", f"/charters/{charter['id']}/send-quote", {})
    late = carrier.accept(sent["token"])
    assert (late.status_code, "revision" in late.text) == (409, True)
    answer = carrier.http.post(
        f"/quotes/{sent['token']}/accept", json={"revision_number": 2, "accepted_by": "Dana Lee"}
    )
    assert answer.json()["status"] == "booked"


def test_another_organization_sees_nothing_of_it(carrier: Carrier, stack: Stack) -> None:
    charter = carrier.quoted()
    other = Carrier.opened(stack)
    for path in (f"/charters/{charter['id']}", f"/charters/{charter['id']}/history", f"/clients/{carrier.client_id}"):
        assert other.send("GET", path).status_code == 404
    assert other.everything("/charters") == []
