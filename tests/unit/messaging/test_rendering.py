"""The content of emails and text messages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from coachway.core.auth import signed_links
from coachway.core.documents.branding import Brand
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.types import ids
from coachway.messaging.channels.base import RenderedMessage
from coachway.messaging.model import Channel, Message
from coachway.messaging.notifications.consumers import RULES_BY_EVENT
from coachway.messaging.rendering import renderer, sending_organization
from coachway.messaging.rendering.sending_organization import SendingOrganization
from tests.unit.messaging.builders import SENDER, build_delivery
from tests.unit.messaging.sample_events import NONCE, SAMPLES, TRIP

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
IVC = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
TRIP_ID = "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
EMAIL_FIELDS: dict[str, Any] = {"user.otp_requested": {"channel": "email", "recipient": "eli@harbor.example"}}
"""Fields that make an email of an event that is otherwise a text message."""


def build_message(delivery: Delivery, sender: SendingOrganization = SENDER, *, rule: int = 0) -> Message | None:
    """Build the message of one of the rules of the event's type."""
    return RULES_BY_EVENT[delivery.type][rule].build(delivery, sender)


def build_required_message(event_type: str, sender: SendingOrganization = SENDER, **fields: Any) -> Message:
    message = build_message(build_delivery(event_type, **fields), sender)
    assert message is not None
    return message


def render(event_type: str, sender: SendingOrganization = SENDER, **fields: Any) -> RenderedMessage:
    return renderer.render_message(build_required_message(event_type, sender, **fields), sender)


class _TextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def extract_text(html: str) -> str:
    parser = _TextParser()
    parser.feed(html)
    return " ".join(parser.words)


_TEXT_MESSAGES = {
    "assignment.accepted",
    "assignment.offered",
    "assignment.reminder_sent",
    "assignment.released",
    "recovery.offered",
}
"""Event types that send a text message."""


@pytest.mark.parametrize("event_type", sorted(SAMPLES.keys() - _TEXT_MESSAGES))
def test_email_has_same_content_in_html_and_plain_text(event_type: str) -> None:
    rendered = render(event_type, **EMAIL_FIELDS.get(event_type, {}))
    assert rendered.subject
    assert "\n" not in rendered.subject
    html_text = extract_text(rendered.html)
    for line in rendered.text.splitlines():
        parts = line.split(": ", 1) if ": " in line and not line.startswith("http") else [line]
        for part in parts:
            plain = " ".join(part.split()).rstrip(":").removeprefix("- ")
            assert plain in {"", "--"} or plain in html_text, plain
    assert "<" not in rendered.text
    assert "\n\n\n" not in rendered.text


@pytest.mark.parametrize("event_type", sorted(SAMPLES))
def test_email_has_at_most_one_button_and_no_external_content(event_type: str) -> None:
    html = render(event_type, **EMAIL_FIELDS.get(event_type, {})).html
    assert html.count('<a href="https:') in {0, 2}
    assert not html or '<meta name="color-scheme" content="light">' in html, "dark mail programs keep the colors"
    parser = _TextParser()
    parser.feed(html)
    assert not {"img", "script", "link", "style", "iframe", "form"} & set(parser.tags)


def test_quote_email_links_to_quote_page() -> None:
    rendered = render("quote.sent")
    token = signed_links.create_link_token(
        "quote", build_delivery("quote.sent").org_id, "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S", NONCE
    )
    link = f"https://coachway.test/live/pages/quotes/{token}"
    assert f'href="{link}"' in rendered.html
    assert link in rendered.text.splitlines()
    assert rendered.subject == "Your quote CH-2027-000001 from Harbor Coach"
    for expected in ("Wednesday, March 3, 2027, 9:00 AM EST", "$1,726.50", "Drop-off, 12:00 PM EST", "40"):
        assert expected in " ".join(rendered.text.split()).replace("\N{NO-BREAK SPACE}", " ")


def test_quote_email_of_revision_mentions_revision() -> None:
    rendered = render("quote.sent", revision_number=2)
    assert "(revision 2)" in rendered.subject
    assert "links from earlier emails no longer work" in rendered.text


def test_email_shows_day_of_stop_on_another_day() -> None:
    stops = [*TRIP["stops"], {**TRIP["stops"][1], "arrival": "2027-03-05T17:00:00Z"}]
    rendered = render("charter.booked", stops=stops)
    assert rendered.text.count("Fri, Mar 5, 2027") == 1
    assert "Drop-off, 12:00" in rendered.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("event_type", ["quote.sent", "quote.accepted", "charter.booked", "bidding.invited"])
def test_email_names_the_vehicles_of_each_class(event_type: str) -> None:
    groups = [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}]
    one = render(event_type, vehicle_count=1, vehicle_class="coach")
    several = render(event_type, vehicle_count=3, vehicle_class="coach", vehicle_groups=groups)
    assert "Vehicle: Coach\n" in one.text.replace("\r\n", "\n")
    assert "Vehicles: Coach, 2 × Minibus" in several.text


def test_email_formats_whole_dollars() -> None:
    assert "$1,726.00" in render("charter.booked", total=1726).text


def test_email_escapes_user_text() -> None:
    rendered = render("charter.booked", client_name='<img src=x onerror="alert(1)">', accepted_by="{{ 7 * 7 }}")
    assert "<img" not in rendered.html
    assert "&lt;img" in rendered.html
    assert "{{ 7 * 7 }}" in rendered.text


def test_email_of_sender_without_contact_has_no_contact() -> None:
    without_contact = replace(SENDER, brand=Brand("Harbor Coach"))
    assert "reply to this email" not in render("charter.booked", without_contact).text
    assert "mailto:" not in render("charter.booked", without_contact).html


def test_failed_payment_after_an_email_about_another_sends_no_email() -> None:
    assert build_message(build_delivery("payment.failed", notifies_client=False), SENDER) is None


def test_one_time_code_fits_one_text_message() -> None:
    rendered = render("user.otp_requested")
    code = signed_links.create_one_time_code(
        "otp", build_delivery("user.otp_requested").org_id, SAMPLES["user.otp_requested"]["user_id"], NONCE
    )
    assert rendered.text.startswith(f"{code} is your code for Harbor Coach")
    assert len(rendered.text) <= 160
    assert rendered.html == ""


def test_one_time_code_is_not_in_subject() -> None:
    rendered = render("user.otp_requested", channel="email", recipient="eli@harbor.example")
    code = re.search(r"\b\d{6}\b", rendered.text)
    assert code is not None
    assert code[0] not in rendered.subject
    assert code[0] in rendered.html


def test_messages_with_links_and_codes_expire_with_them() -> None:
    expires = "2026-01-01T00:00:00Z"
    for event_type in ("quote.sent", "user.invited", "user.password_reset_requested", "user.otp_requested"):
        assert (
            build_required_message(event_type, expires_at=expires).send_until.isoformat() == "2026-01-01T00:00:00+00:00"
        )
    assert build_required_message("user.otp_requested").channel is Channel.SMS


def test_document_email_shows_document_and_expiration() -> None:
    rendered = render("document.expiring")
    assert rendered.subject == "Business license expires in 7 days"
    for expected in ("California business license", "March 3, 2027", "Premium Coach Lines"):
        assert expected in rendered.text
    assert render("document.expiring", days_left=1).subject.endswith("in 1 day")
    assert render("document.expiring", days_left=0).subject.endswith("today")


def test_receipt_email_shows_invoice_number() -> None:
    rendered = render("payment.succeeded")
    assert "Invoice: INV-2027-HARBOR-00001" in rendered.text
    assert "$526.50 for invoice INV-2027-HARBOR-00001" in rendered.subject


def test_failed_payment_email_links_to_payment_page() -> None:
    assert (
        f"/pages/invoices/{signed_links.create_link_token('invoice', ORG, IVC, NONCE)}" in render("payment.failed").html
    )
    trip_payment: dict[str, Any] = {
        "invoice_id": None,
        "charter_id": TRIP_ID,
        "failure_code": "authentication_required",
    }
    rendered = render("payment.failed", **trip_payment)
    assert f"/pages/quotes/{signed_links.create_link_token('quote', ORG, TRIP_ID, NONCE)}" in rendered.html
    assert "Confirm and pay" in rendered.text
    replaced = build_delivery("payment.failed", failure_code="replaced")
    assert build_message(replaced) is None


@pytest.mark.parametrize(
    ("event_type", "status", "expected"),
    [
        ("payment.disputed", "open", "Until then, you cannot refund it"),
        ("payment.disputed", "inquiry", "This is an inquiry"),
        ("payment.dispute_ended", "won", "You keep the payment"),
        ("payment.dispute_ended", "lost", "to Acme Events. It is recorded as a refund"),
    ],
)
def test_dispute_email_explains_status(event_type: str, status: str, expected: str) -> None:
    rendered = render(event_type, status=status)
    assert expected in rendered.text
    assert "product not received" in rendered.text


def test_email_uses_singular_for_one() -> None:
    for bids, count in ((1, "1 bid"), (2, "2 bids")):
        rendered = render("bidding.decision_needed", bids=bids, escalated=False)
        assert rendered.subject == f"Choose a bid for trip CH-2027-000001 ({count})"
    assert "1 invoice, " in render("invoicing.finished", invoices=1).html


def test_email_formats_phone_numbers() -> None:
    rendered = render("charter.booked")
    assert "call +1 212-555-0100" in rendered.text
    assert 'href="tel:+12125550100"' in rendered.html
    assert ">+1 212-555-0100<" in rendered.html
    assert "number is +1 212-555-0177." in render("trip.unstarted").text


def test_expired_document_that_was_renewed_sends_nothing() -> None:
    assert build_message(build_delivery("document.expired", renewed=True)) is None


def test_expired_document_without_address_notifies_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build_required_message("document.expired", subject_email="").recipient == "hello@harbor.example"
    monkeypatch.setattr(sending_organization, "find_contact_address", lambda _organization: None)
    sender = replace(SENDER, brand=Brand("Harbor Coach", "#0b5fff"))
    message = build_required_message("document.expired", sender, subject_email="")
    assert (message.recipient, message.is_to_organization) == ("", True)


def test_assignment_text_message_shows_trip_and_link() -> None:
    offered = render("assignment.offered").text
    assert offered == (
        "Harbor Coach: trip CH-2027-000001, Tue, Mar 3, 2099, 9:00 AM EST, 11 Wall St, New York, NY, with Coach 12. "
        "Please accept or decline: https://coachway.test/live/pages/driver?organization=harbor"
    )
    released = render("assignment.released").text
    assert "is no longer assigned to you. https://" in released
    text = render("assignment.released", message_to_driver="The charter was cancelled.").text
    assert "is no longer assigned to you. The charter was cancelled. https://" in text


def test_assignment_notifies_second_driver() -> None:
    assert build_message(build_delivery("assignment.offered"), rule=1) is None
    crew = build_delivery("assignment.offered", second_driver_name="Sam Tran", second_driver_phone="+12125550188")
    message = build_message(crew, rule=1)
    assert message is not None
    assert (message.recipient, message.name, message.channel) == ("+12125550188", "Sam Tran", "sms")


CREW = {
    "second_driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "second_driver_name": "Sam Tran",
    "second_driver_phone": "+12125550188",
}


def test_acceptance_notifies_second_driver_who_takes_over() -> None:
    message = build_message(build_delivery("assignment.accepted", **CREW))
    assert message is not None
    assert (message.recipient, message.template) == ("+12125550188", "assignment-offered")
    without_crew: dict[str, Any] = dict.fromkeys(CREW)
    assert build_message(build_delivery("assignment.accepted", **without_crew)) is None


@pytest.mark.parametrize(
    ("declined_by", "recipient"), [(None, "+12125550188"), (CREW["second_driver_id"], "+12125550177")]
)
def test_decline_notifies_other_driver_without_reason(declined_by: str | None, recipient: str) -> None:
    assert build_message(build_delivery("assignment.declined"), rule=1) is None
    message = build_message(build_delivery("assignment.declined", **CREW, declined_by=declined_by), rule=1)
    assert message is not None
    assert (message.recipient, message.template) == (recipient, "assignment-released")
    assert (
        message.values["event"].reason == ("Rosa Delgado" if declined_by is None else "Sam Tran") + " cannot drive it"
    )


def test_recovery_offer_shows_deadline() -> None:
    assert render("recovery.offered").text == (
        "Harbor Coach: can you take over trip CH-2027-000001, Tue, Mar 3, 2099, 9:00 AM EST, 11 Wall St, New York, NY, "
        "with Coach 14? Answer by 8:10 AM EST: https://coachway.test/live/pages/driver?organization=harbor"
    )


def test_recovered_trip_notifies_client_and_organization() -> None:
    client_text = render("trip.recovered").text
    assert "the vehicle broke down. Nia Near takes over your trip, with Coach 14." in client_text
    message = build_message(build_delivery("trip.recovered"), rule=1)
    assert message is not None
    assert (message.recipient, message.template) == ("hello@harbor.example", "trip-recovered-office")


def test_check_in_reminder_is_sent_after_pickup() -> None:
    late = build_delivery("trip.unstarted", pickup_at="2020-03-03T14:00:00Z")
    message = build_message(late, rule=1)
    assert message is not None
    assert (message.recipient, message.channel) == ("+12125550177", "sms")
    assert message.send_until == ids.get_created_at(late.event_id) + timedelta(hours=1)
    assert build_message(build_delivery("trip.unstarted", driver_phone=None), rule=1) is None


@pytest.mark.parametrize("event_type", ["assignment.offered", "assignment.reminder_sent"])
def test_message_to_driver_says_when_to_stand_at_the_first_stop(event_type: str) -> None:
    assert ", at the stop from 8:45 AM EST, with " in render(event_type, spot_at="2099-03-03T13:45:00Z").text
    assert "at the stop" not in render(event_type).text


def test_subjects_of_messages_to_staff_do_not_name_the_client() -> None:
    """The subject is stored with the message, and only messages to the client are erased with the client."""
    named = []
    for event_type in sorted(SAMPLES.keys() - _TEXT_MESSAGES):
        if build_required_message(event_type, **EMAIL_FIELDS.get(event_type, {})).client_id == "":
            subject = render(event_type, **EMAIL_FIELDS.get(event_type, {})).subject
            people = (str(SAMPLES[event_type].get(name, "")) for name in ("client_name", "full_name", "accepted_by"))
            named += [(event_type, subject) for name in people if name and name in subject]
    assert named == []
