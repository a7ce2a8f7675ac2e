"""Requests for quotes from the website of an organization: as JSON, and by the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from coachway.core.runtime import clock
from tests.integration.client import Reply, call
from tests.integration.sales.builders import BOB, api, capture_lead, create_agent, send
from tools.function_modules import load

pages = load("sales", "request_page").api
PERSON = {"first_name": "Bob", "email": "bob@wilson.example", "consent_text": "You may call me."}
FORM = {
    "name": "Bob van der Wilson",
    "phone": "(212) 555-0199",
    "email": "",
    "passengers": "48",
    "trip_date": "2027-05-14",
    "trip_time": "08:30",
    "pickup": "11 Wall St",
    "details": "Two stops.\r\nQuiet bus.",
}


def request_quote(body: dict[str, Any], slug: str = "harbor", **options: Any) -> Reply:
    return call(api, "POST", f"/api/v1/public/leads/{slug}", body, **options)


def submit(form: dict[str, str], slug: str = "harbor") -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/pages/request-quote/{slug}/send"
    return call(pages, "POST", path, raw=urlencode(form).encode(), headers=headers)


def list_leads() -> list[dict[str, Any]]:
    return list(send("GET", "/leads").json()["items"])


def test_public_request_becomes_a_lead_with_consent() -> None:
    agent = create_agent("Sarah")
    reply = request_quote(PERSON)
    assert (reply.status, reply.json()) == (201, {"status": "received"})
    [lead] = list_leads()
    assert (lead["source"], lead["assigned_to_agent_id"]) == ("web", agent["agent_id"])
    assert (lead["consent_text"], bool(lead["consented_at"])) == ("You may call me.", True)


def test_public_request_of_known_person_reveals_nothing() -> None:
    lead = capture_lead(**BOB)
    headers = {"idempotency-key": "one"}
    replies = [request_quote(PERSON, headers=headers) for _ in range(2)]
    assert [(each.status, each.json()) for each in replies] == [(201, {"status": "received"})] * 2
    assert [each["id"] for each in list_leads()] == [lead["id"]]
    [activity] = send("GET", f"/leads/{lead['id']}/activities").json()["items"]
    assert activity["details"].startswith("Asked again (web).")


def test_public_request_with_filled_trap_is_ignored() -> None:
    reply = request_quote({**PERSON, "website": "https://spam.example"})
    assert (reply.status, reply.json()) == (201, {"status": "received"})
    assert list_leads() == []


def test_public_request_to_unknown_organization_is_not_found() -> None:
    assert request_quote(PERSON, "nobody").status == 404
    assert call(pages, "GET", "/pages/request-quote/nobody").status == 404


def test_public_requests_of_one_address_are_limited() -> None:
    statuses = [request_quote({**PERSON, "email": f"p{number}@people.example"}).status for number in range(31)]
    assert statuses == [201] * 30 + [429]
    page = submit(FORM)
    assert page.status == 429
    assert "Too many requests were sent from here" in page.text
    assert 'value="Bob van der Wilson"' in page.text


def test_form_becomes_a_lead() -> None:
    reply = submit(FORM)
    assert (reply.status, reply.headers["Location"]) == (303, "thanks")
    [lead] = list_leads()
    assert (lead["first_name"], lead["last_name"], lead["phone"]) == ("Bob", "van der Wilson", "+12125550199")
    assert (lead["estimated_passengers"], lead["estimated_trip_date"], lead["estimated_trip_time"]) == (
        48,
        "2027-05-14",
        "08:30",
    )
    assert lead["trip_details"] == "Two stops.\nQuiet bus."
    assert "you agree that Harbor Coach may contact you" in lead["consent_text"]
    assert "we have your request" in call(pages, "GET", "/pages/request-quote/harbor/thanks").text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "  "}, "Enter your name."),
        ({"phone": ""}, "Enter a phone number or an email address, so that we can answer."),
        ({"phone": "555"}, "Enter a phone number with area code"),
        ({"email": "bob@"}, "Enter an email address such as"),
        ({"passengers": "many"}, "Enter the number of passengers"),
        ({"passengers": "0"}, "Enter the number of passengers"),
        ({"trip_date": "soon"}, "Enter the date of the trip."),
        ({"trip_date": "2020-01-01"}, "This date has passed."),
        ({"return_date": "2027-05-13"}, "Enter a date that is not before the trip."),
        ({"trip_time": "8 o'clock"}, "Enter a time such as 08:30."),
        ({"company": "x" * 201}, "Shorten this to 200 characters."),
        ({"details": "x" * 4001}, "Shorten this to 4,000 characters."),
    ],
)
def test_form_with_wrong_field_shows_the_error_and_keeps_the_rest(changes: dict[str, str], message: str) -> None:
    page = submit({**FORM, "pickup": "<b>11 Wall St</b>", **changes})
    assert (page.status, page.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
    assert message in page.text
    assert page.text.count('aria-invalid="true"') == 1
    assert "&lt;b&gt;11 Wall St&lt;/b&gt;" in page.text
    assert list_leads() == []


def test_form_accepts_an_american_date() -> None:
    submit({**FORM, "trip_date": "5/14/2027"})
    assert list_leads()[0]["estimated_trip_date"] == "2027-05-14"


def test_form_accepts_the_local_today() -> None:
    today = clock.now().replace(year=2027, month=3, day=4, hour=2)  # March 3 in New York
    with clock.frozen(today):
        assert submit({**FORM, "trip_date": "2027-03-03"}).status == 303
        assert submit({**FORM, "trip_date": "2027-03-02"}).status == 422


def test_page_shows_the_organization_and_needs_no_script() -> None:
    page = call(pages, "GET", "/pages/request-quote/harbor")
    assert page.status == 200
    assert "Harbor Coach" in page.text
    assert "<script" not in page.text
    assert "harbor/send" in page.text
