"""Mails and text messages on the deployed stack: what people do makes them go out, once each."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from coachway.core.persistence.domain_events import Envelope
from tests import dates
from tests.stack import Stack, eventually

PASSWORD = "a-long-demo-password"
LINK = re.compile(r"/pages/[a-z-]+/([A-Za-z0-9_-]{60,})")


@dataclass(frozen=True)
class House:
    """An organization of this module's own, and its admin."""

    stack: Stack
    slug: str
    organization_id: str
    headers: dict[str, str]

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.stack.http.post(path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        answer = self.stack.http.get(path, params=query, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()

    def address(self, name: str) -> str:
        return f"{name}@{self.slug}.example"


@pytest.fixture(scope="module")
def house(stack: Stack) -> House:
    slug = f"mail-{secrets.token_hex(4)}"
    person = {"email": f"ana@{slug}.example", "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
    organization = {"name": "Harbor Coach", "slug": slug, "timezone": "America/New_York", "currency": "USD"}
    made = stack.http.post("/auth/register", json={"organization": organization, "admin": person}).raise_for_status()
    who = {"organization": slug, "email": person["email"], "password": PASSWORD}
    token = stack.http.post("/auth/login", json=who).raise_for_status().json()["access_token"]
    return House(stack, slug, made.json()["organization"]["id"], {"Authorization": f"Bearer {token}"})


def token_in(mail: dict[str, Any]) -> str:
    """The token of the link in a mail; the same in its text and its HTML."""
    links = {found for part in ("BodyText", "BodyHtml") for found in LINK.findall(mail[part])}
    assert len(links) == 1
    return str(links.pop())


def test_an_invitation_arrives_and_lets_its_holder_in(house: House) -> None:
    email = house.address("eli")
    house.post("/users/invite", {"email": email, "role": "staff", "first_name": "Eli", "last_name": "Roe"})
    mail = house.stack.wait_for_mail(email, "^Join Harbor Coach")
    page = f"{house.stack.pages_url}/invitations/{token_in(mail)}"
    assert "Welcome, Eli" in httpx.get(page, timeout=60).text
    accepted = httpx.post(page, data={"password": PASSWORD}, timeout=60)
    assert (accepted.status_code, "You are in" in accepted.text) == (httpx.codes.OK, True)
    who = {"organization": house.slug, "email": email, "password": PASSWORD}
    assert house.stack.http.post("/auth/login", json=who).status_code == httpx.codes.OK


def test_a_forgotten_password_is_set_anew_by_mail(house: House) -> None:
    email = house.address("sam")
    person = {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran", "password": PASSWORD}
    house.post("/users", person)
    house.stack.http.post("/auth/password/forgot", json={"organization": house.slug, "email": email}).raise_for_status()
    mail = house.stack.wait_for_mail(email, "^Set a new password")
    body = {"token": token_in(mail), "password": "another-long-demo-password"}
    assert house.stack.http.post("/auth/password/reset", json=body).is_success
    told = house.stack.wait_for_mail(email, "was changed$")
    assert LINK.search(told["BodyHtml"]) is None


def driver(house: House, name: str, phone: str) -> dict[str, Any]:
    person = {"email": house.address(name), "phone": phone, "role": "driver", "first_name": "Dee", "last_name": "Roe"}
    return dict(house.post("/users", person | {"party_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S"}))


def a_phone() -> str:
    return f"+1212555{secrets.randbelow(10_000):04d}"


def test_a_code_comes_by_text_message_or_mail_and_lets_its_holder_in(house: House) -> None:
    phone = a_phone()
    person = driver(house, f"dee-{phone[-4:]}", phone)
    for way in ({"phone": phone}, {"email": person["email"]}):
        asked = {"organization": house.slug, **way}
        house.stack.http.post("/auth/otp/request", json=asked).raise_for_status()
        if "phone" in way:
            text = eventually(lambda: house.stack.texts(phone), 40, "no text message")[-1]["body"]
        else:
            text = house.stack.wait_for_mail(person["email"], "one-time code")["BodyText"]
        code = re.search(r"\b\d{6}\b", text)
        assert code is not None
        assert house.stack.http.post("/auth/otp/verify", json={**asked, "code": code[0]}).status_code == httpx.codes.OK


def must_be_emptied(stack: Stack) -> None:
    """Waits until every message of the queue was consumed."""
    asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def emptied() -> bool:
        told = stack.client("sqs").get_queue_attributes(QueueUrl=queue_of(stack), AttributeNames=asked)
        return all(value == "0" for value in told["Attributes"].values())

    eventually(emptied, 150, "the queue was not emptied")  # others use it, too


def queue_of(stack: Stack) -> str:
    return str(stack.client("sqs").get_queue_url(QueueName=stack.function("messaging"))["QueueUrl"])


@pytest.fixture(scope="module")
def charter(house: House) -> dict[str, Any]:
    """A charter whose quote was sent and accepted."""
    rules = (("Coach base", "base_rate", 350), ("Per mile", "mileage_rate", 2.5))
    for name, kind, amount in rules:
        house.post("/pricing/pricing-rules", {"name": name, "rule_type": kind, "scope": "global", "amount": amount})
    client = house.post(
        "/clients",
        {
            "name": "Acme Events",
            "client_type": "corporate",
            "email": house.address("events"),
            "payment_terms": "net_30",
            "credit_limit": 10_000,
        },
    )
    stops = [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "latitude": 40.7074,
            "longitude": -74.0113,
            "estimated_departure": dates.at("09:00"),
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "latitude": 39.3560,
            "longitude": -74.4310,
            "estimated_arrival": dates.at("12:00"),
        },
    ]
    wanted = {"trip_type": "one_way", "vehicle_class": "coach", "passengers": 40, "miles": 130, "stops": stops}
    made = house.post("/charters", {"client_id": client["id"], **wanted})
    house.post(f"/charters/{made['id']}/send-quote", {"expires_in_hours": 72})
    mail = house.stack.wait_for_mail(house.address("events"), "^Your quote")
    answer = {"revision_number": made["revision_number"], "accepted_by": "Dana Lee"}
    house.post(f"/quotes/{token_in(mail)}/accept", answer)
    return dict(made)


def test_a_quote_s_mail_leads_to_a_booking_and_the_booking_s_mail_confirms_it(
    house: House, charter: dict[str, Any]
) -> None:
    booked = house.stack.wait_for_mail(house.address("events"), "^You are booked")
    assert charter["number"] in booked["Subject"]
    for said in ("Acme Events", "Dana Lee", "11 Wall St, New York, NY", dates.spelled(dates.TRIP_DAY)):
        assert said in booked["BodyText"]
        assert said in booked["BodyHtml"]
    assert "Harbor Coach" in booked["Source"] or "no-reply@" in booked["Source"]


def test_an_event_that_comes_again_and_late_makes_no_second_mail(house: House, charter: dict[str, Any]) -> None:
    to = house.address("events")
    house.stack.wait_for_mail(to, "^You are booked")
    envelope = booking(house.stack, charter["id"], house.organization_id)
    queues, url = house.stack.client("sqs"), queue_of(house.stack)
    message = json.dumps({"detail-type": envelope.type, "source": "coachway", "detail": envelope.detail()})
    for _ in range(5):
        queues.send_message(QueueUrl=url, MessageBody=message)

    must_be_emptied(house.stack)
    assert len([mail for mail in house.stack.mails(to) if "booked" in mail["Subject"]]) == 1
    records = house.get("/notifications", recipient=to)["items"]
    assert sorted((each["template"], each["attempts"]) for each in records) == [
        ("charter-booked", 1),
        ("quote-sent", 1),
    ]


def booking(stack: Stack, charter_id: str, org_id: str) -> Envelope:
    """The event of a charter's booking, as the table keeps it."""
    kept = stack.client("dynamodb").query(
        TableName=stack.table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"ORG#{org_id}#CHARTER#{charter_id}"}, ":sk": {"S": "EVENT#"}},
    )
    found = [Envelope.model_validate_json(each["doc"]["S"]) for each in kept["Items"]]
    return next(each for each in found if each.type == "charter.booked")
