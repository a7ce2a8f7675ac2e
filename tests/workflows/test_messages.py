"""Mails and text messages on the deployed stack, each sent once."""

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

pytestmark = pytest.mark.xdist_group("messages")

PASSWORD = "a-long-demo-password"
LINK = re.compile(r"/pages/[a-z-]+/([A-Za-z0-9_-]{60,})")


@dataclass(frozen=True)
class MailOrganization:
    """An organization and its admin's session."""

    stack: Stack
    slug: str
    org_id: str
    headers: dict[str, str]

    def post(self, path: str, body: Any = None) -> Any:
        response = self.stack.http.post(path, json=body, headers=self.headers)
        assert response.is_success, response.text
        return response.json()

    def get(self, path: str, **query: str) -> Any:
        response = self.stack.http.get(path, params=query, headers=self.headers)
        assert response.is_success, response.text
        return response.json()

    def email(self, name: str) -> str:
        return f"{name}@{self.slug}.example"


@pytest.fixture(scope="module")
def mail_organization(stack: Stack) -> MailOrganization:
    slug = f"mail-{secrets.token_hex(4)}"
    person = {"email": f"ana@{slug}.example", "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
    organization = {"name": "Harbor Coach", "slug": slug, "timezone": "America/New_York", "currency": "USD"}
    response = stack.http.post(
        "/auth/register", json={"organization": organization, "admin": person}
    ).raise_for_status()
    credentials = {"organization": slug, "email": person["email"], "password": PASSWORD}
    token = stack.http.post("/auth/login", json=credentials).raise_for_status().json()["access_token"]
    return MailOrganization(stack, slug, response.json()["organization"]["id"], {"Authorization": f"Bearer {token}"})


def get_link_token(mail: dict[str, Any]) -> str:
    """The token of the link in a mail, which is the same in its text and its HTML."""
    links = {token for part in ("BodyText", "BodyHtml") for token in LINK.findall(mail[part])}
    assert len(links) == 1
    return str(links.pop())


def test_invitation_mail_lets_user_set_password_and_log_in(mail_organization: MailOrganization) -> None:
    email = mail_organization.email("eli")
    mail_organization.post("/users/invite", {"email": email, "role": "staff", "first_name": "Eli", "last_name": "Roe"})
    mail = mail_organization.stack.wait_for_mail(email, "^Join Harbor Coach")
    page = f"{mail_organization.stack.pages_url}/invitations/{get_link_token(mail)}"
    assert "Welcome, Eli" in httpx.get(page, timeout=60).text
    accepted = httpx.post(page, data={"password": PASSWORD}, timeout=60)
    assert (accepted.status_code, "Your account is ready" in accepted.text) == (httpx.codes.OK, True)
    credentials = {"organization": mail_organization.slug, "email": email, "password": PASSWORD}
    assert mail_organization.stack.http.post("/auth/login", json=credentials).status_code == httpx.codes.OK


def test_forgotten_password_is_reset_by_mail(mail_organization: MailOrganization) -> None:
    email = mail_organization.email("sam")
    name = f"=?utf-8?q?Sam=0d=0aBcc:_victim-{mail_organization.slug}@other.example=0d=0a=0d=0aPay_here?="  # RFC 2047
    person = {"email": email, "role": "staff", "first_name": name, "last_name": "Tran", "password": PASSWORD}
    mail_organization.post("/users", person)
    mail_organization.stack.http.post(
        "/auth/password/forgot", json={"organization": mail_organization.slug, "email": email}
    ).raise_for_status()
    mail = mail_organization.stack.wait_for_mail(email, "^Set a new password")
    assert f"Hello {name}," in mail["BodyText"]
    body = {"token": get_link_token(mail), "password": "another-long-demo-password"}
    assert mail_organization.stack.http.post("/auth/password/reset", json=body).is_success
    confirmation = mail_organization.stack.wait_for_mail(email, "was changed$")
    assert LINK.search(confirmation["BodyHtml"]) is None


def create_driver_user(mail_organization: MailOrganization, name: str, phone: str) -> dict[str, Any]:
    person = {
        "email": mail_organization.email(name),
        "phone": phone,
        "role": "driver",
        "first_name": "Dee",
        "last_name": "Roe",
    }
    return dict(mail_organization.post("/users", person))


def new_phone() -> str:
    return f"+1212555{secrets.randbelow(10_000):04d}"


def test_one_time_code_by_text_or_mail_logs_in(mail_organization: MailOrganization) -> None:
    phone = new_phone()
    person = create_driver_user(mail_organization, f"dee-{phone[-4:]}", phone)
    typed = f"{phone[:2]} ({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    for contact in ({"phone": typed}, {"email": person["email"]}):
        login = {"organization": mail_organization.slug, **contact}
        mail_organization.stack.http.post("/auth/otp/request", json=login).raise_for_status()
        if "phone" in contact:
            text = eventually(lambda: mail_organization.stack.texts(phone), 40, "no text message")[-1]["body"]
        else:
            text = mail_organization.stack.wait_for_mail(person["email"], "one-time code")["BodyText"]
        code = re.search(r"\b\d{6}\b", text)
        assert code is not None
        assert (
            mail_organization.stack.http.post(
                "/auth/otp/verify", json={**login, "code": f"{code[0][:3]} {code[0][3:]}"}
            ).status_code
            == httpx.codes.OK
        )


def wait_until_queue_empty(stack: Stack) -> None:
    """Wait until every message of the queue is processed."""
    attribute_names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty() -> bool:
        response = stack.client("sqs").get_queue_attributes(
            QueueUrl=get_queue_url(stack), AttributeNames=attribute_names
        )
        return all(value == "0" for value in response["Attributes"].values())

    eventually(is_empty, 150, "the queue was not emptied")  # other tests use it, too


def get_queue_url(stack: Stack) -> str:
    return str(stack.client("sqs").get_queue_url(QueueName=stack.function("messaging"))["QueueUrl"])


@pytest.fixture(scope="module")
def charter(mail_organization: MailOrganization) -> dict[str, Any]:
    """Create a charter whose quote is sent and accepted."""
    rules = (("Coach base", "base_rate", 350), ("Per mile", "mileage_rate", 2.5))
    for name, kind, amount in rules:
        mail_organization.post(
            "/pricing/pricing-rules", {"name": name, "rule_type": kind, "scope": "global", "amount": amount}
        )
    client = mail_organization.post(
        "/clients",
        {
            "name": "Acme Events",
            "client_type": "corporate",
            "email": mail_organization.email("events"),
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
    trip = {"trip_type": "one_way", "vehicle_class": "coach", "passengers": 40, "miles": 130, "stops": stops}
    created = mail_organization.post("/charters", {"client_id": client["id"], **trip})
    mail_organization.post(f"/charters/{created['id']}/send-quote", {"expires_in_hours": 72})
    mail = mail_organization.stack.wait_for_mail(mail_organization.email("events"), "^Your quote")
    body = {"revision_number": created["revision_number"], "accepted_by": "Dana Lee"}
    mail_organization.post(f"/quotes/{get_link_token(mail)}/accept", body)
    return dict(created)


def test_quote_accepted_by_mail_sends_booking_confirmation(
    mail_organization: MailOrganization, charter: dict[str, Any]
) -> None:
    booked = mail_organization.stack.wait_for_mail(mail_organization.email("events"), "^Booking confirmed")
    assert charter["number"] in booked["Subject"]
    for text in ("Acme Events", "Dana Lee", "11 Wall St, New York, NY", dates.long_date(dates.TRIP_DAY)):
        assert text in booked["BodyText"]
        assert text in booked["BodyHtml"]
    assert "Harbor Coach" in booked["Source"] or "no-reply@" in booked["Source"]


def test_booking_event_repeated_sends_one_mail(mail_organization: MailOrganization, charter: dict[str, Any]) -> None:
    to = mail_organization.email("events")
    mail_organization.stack.wait_for_mail(to, "^Booking confirmed")
    envelope = get_booking_event(mail_organization.stack, charter["id"], mail_organization.org_id)
    queues, url = mail_organization.stack.client("sqs"), get_queue_url(mail_organization.stack)
    message = json.dumps({"detail-type": envelope.type, "source": "coachway", "detail": envelope.detail()})
    for _ in range(5):
        queues.send_message(QueueUrl=url, MessageBody=message)

    wait_until_queue_empty(mail_organization.stack)
    assert len([mail for mail in mail_organization.stack.mails(to) if "Booking confirmed" in mail["Subject"]]) == 1
    records = mail_organization.get("/notifications", recipient=to)["items"]
    assert sorted((each["template"], each["attempts"]) for each in records) == [
        ("charter-booked", 1),
        ("quote-sent", 1),
    ]


def get_booking_event(stack: Stack, charter_id: str, org_id: str) -> Envelope:
    """The stored event of a charter's booking."""
    page = stack.client("dynamodb").query(
        TableName=stack.table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"ORG#{org_id}#CHARTER#{charter_id}"}, ":sk": {"S": "EVENT#"}},
    )
    envelopes = [Envelope.model_validate_json(each["doc"]["S"]) for each in page["Items"]]
    return next(each for each in envelopes if each.type == "charter.booked")
