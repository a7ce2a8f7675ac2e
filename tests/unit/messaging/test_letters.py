"""What mails and text messages say."""

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
from coachway.messaging.rendering import renderer
from coachway.messaging.rendering.sender import Letterhead
from tests.unit.messaging.sample_events import HEAD, NONCE, SAID, TRIP, delivery

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
IVC = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
TRIP_ID = "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
MAILED: dict[str, Any] = {"user.otp_requested": {"channel": "email", "recipient": "eli@harbor.example"}}
"""What makes a mail of an event that would be a text message."""


def build(delivery: Delivery, head: Letterhead = HEAD, *, rule: int = 0) -> Message | None:
    """What the first rule of the event's type makes of it, or a later one."""
    return RULES_BY_EVENT[delivery.type][rule].build(delivery, head)


def message(kind: str, head: Letterhead = HEAD, **said: Any) -> Message:
    made = build(delivery(kind, **said), head)
    assert made is not None
    return made


def letter(kind: str, head: Letterhead = HEAD, **said: Any) -> RenderedMessage:
    return renderer.render_message(message(kind, head, **said), head)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def words(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    return " ".join(parser.words)


_TEXTS = {"assignment.accepted", "assignment.offered", "assignment.released", "recovery.offered"}
"""Occasions that make a text message."""


@pytest.mark.parametrize("kind", sorted(SAID.keys() - _TEXTS))
def test_every_mail_says_the_same_in_html_and_in_plain_text(kind: str) -> None:
    made = letter(kind, **MAILED.get(kind, {}))
    assert made.subject
    assert "\n" not in made.subject
    told = words(made.html)
    for line in made.text.splitlines():
        parts = line.split(": ", 1) if ": " in line and not line.startswith("http") else [line]
        for part in parts:
            plain = " ".join(part.split()).rstrip(":")
            assert plain in {"", "--"} or plain in told, plain
    assert "<" not in made.text
    assert "\n\n\n" not in made.text


@pytest.mark.parametrize("kind", sorted(SAID))
def test_a_mail_has_one_button_at_most_and_nothing_from_elsewhere(kind: str) -> None:
    html = letter(kind, **MAILED.get(kind, {})).html
    assert html.count('<a href="https:') in {0, 2}
    parser = _Words()
    parser.feed(html)
    assert not {"img", "script", "link", "style", "iframe", "form"} & set(parser.tags)


def test_a_quote_s_mail_leads_to_its_page() -> None:
    made = letter("quote.sent")
    token = signed_links.create_link_token(
        "quote", delivery("quote.sent").org_id, "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S", NONCE
    )
    link = f"https://coachway.test/live/pages/quotes/{token}"
    assert f'href="{link}"' in made.html
    assert link in made.text.splitlines()
    assert made.subject == "Your quote CH-2027-000001 from Harbor Coach"
    for said in ("Wednesday, March 3, 2027, 9:00 AM EST", "$1,726.50", "Drop-off, 12:00 PM EST", "40"):
        assert said in " ".join(made.text.split()).replace("\N{NO-BREAK SPACE}", " ")


def test_a_revised_quote_says_so() -> None:
    made = letter("quote.sent", revision_number=2)
    assert "(revision 2)" in made.subject
    assert "links from earlier emails no longer work" in made.text


def test_a_stop_on_another_day_names_the_day() -> None:
    stops = [*TRIP["stops"], {**TRIP["stops"][1], "arrival": "2027-03-05T17:00:00Z"}]
    made = letter("charter.booked", stops=stops)
    assert made.text.count("Fri, Mar 5, 2027") == 1
    assert "Drop-off, 12:00" in made.text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_whole_number_of_dollars_is_no_number_of_cents() -> None:
    assert "$1,726.00" in letter("charter.booked", total=1726).text


def test_what_people_wrote_stays_text() -> None:
    made = letter("charter.booked", client_name='<img src=x onerror="alert(1)">', accepted_by="{{ 7 * 7 }}")
    assert "<img" not in made.html
    assert "&lt;img" in made.html
    assert "{{ 7 * 7 }}" in made.text


def test_a_letterhead_may_be_bare() -> None:
    bare = replace(HEAD, brand=Brand("Harbor Coach"))
    assert "Reply to this email" not in letter("charter.booked", bare).text
    assert "mailto:" not in letter("charter.booked", bare).html
    assert build(delivery("quote.declined"), bare) is None


def test_a_code_goes_out_as_one_short_text_message() -> None:
    made = letter("user.otp_requested")
    code = signed_links.create_one_time_code(
        "otp", delivery("user.otp_requested").org_id, SAID["user.otp_requested"]["user_id"], NONCE
    )
    assert made.text.startswith(f"{code} is your code for Harbor Coach")
    assert len(made.text) <= 160
    assert made.html == ""


def test_a_code_stands_in_no_subject() -> None:
    made = letter("user.otp_requested", channel="email", recipient="eli@harbor.example")
    code = re.search(r"\b\d{6}\b", made.text)
    assert code is not None
    assert code[0] not in made.subject
    assert code[0] in made.html


def test_links_and_codes_are_of_use_no_longer_than_they_are_good() -> None:
    expires = "2026-01-01T00:00:00Z"
    for kind in ("quote.sent", "user.invited", "user.password_reset_requested", "user.otp_requested"):
        assert message(kind, expires_at=expires).useful_until.isoformat() == "2026-01-01T00:00:00+00:00"
    assert message("user.otp_requested").channel is Channel.SMS


def test_a_document_s_mail_says_which_and_when() -> None:
    made = letter("document.expiring")
    assert made.subject == "Business license expires in 7 days"
    for said in ("California business license", "March 3, 2027", "Premium Coach Lines"):
        assert said in made.text
    assert letter("document.expiring", days_left=1).subject.endswith("in 1 day")
    assert letter("document.expiring", days_left=0).subject.endswith("today")


def test_a_receipt_names_the_invoice_as_it_is_written() -> None:
    made = letter("payment.succeeded")
    assert "Invoice: INV-2027-HARBOR-00001" in made.text
    assert "$526.50 for invoice INV-2027-HARBOR-00001" in made.subject


def test_who_could_not_be_charged_is_led_to_where_they_can_pay() -> None:
    assert (
        f"/pages/invoices/{signed_links.create_link_token('invoice', ORG, IVC, NONCE)}" in letter("payment.failed").html
    )
    of_trip: dict[str, Any] = {"invoice_id": None, "charter_id": TRIP_ID, "failure_code": "authentication_required"}
    made = letter("payment.failed", **of_trip)
    assert f"/pages/quotes/{signed_links.create_link_token('quote', ORG, TRIP_ID, NONCE)}" in made.html
    assert "Confirm and pay" in made.text
    replaced = delivery("payment.failed", failure_code="replaced")
    assert build(replaced) is None


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("payment.disputed", "open", "cannot be refunded until then"),
        ("payment.disputed", "inquiry", "before it takes anything back"),
        ("payment.dispute_ended", "won", "stays yours"),
        ("payment.dispute_ended", "lost", "back to Acme Events"),
    ],
)
def test_the_office_is_told_what_a_dispute_means(kind: str, status: str, said: str) -> None:
    made = letter(kind, status=status)
    assert said in made.text
    assert "product not received" in made.text


def test_one_is_not_many() -> None:
    for bids, said in ((1, "1 bid"), (2, "2 bids")):
        made = letter("bidding.decision_needed", bids=bids, escalated=False)
        assert made.subject == f"{said} for trip CH-2027-000001"
    assert "1 invoice, " in letter("invoicing.finished", invoices=1).html


def test_telephone_numbers_are_written_as_people_read_them() -> None:
    made = letter("charter.booked")
    assert "call +1 212-555-0100" in made.text
    assert 'href="tel:+12125550100"' in made.html
    assert ">+1 212-555-0100<" in made.html
    assert "number is +1 212-555-0177." in letter("trip.unstarted").text


def test_nobody_is_told_of_a_document_that_was_renewed() -> None:
    made = build(delivery("document.expired", renewed=True))
    assert made is None


def test_the_organization_is_told_where_a_document_s_subject_has_no_address() -> None:
    assert message("document.expired", subject_email="").recipient == "hello@harbor.example"
    nobody = replace(HEAD, brand=Brand("Harbor Coach", "#0b5fff"))
    assert build(delivery("document.expired", subject_email=""), nobody) is None


def test_a_driver_reads_in_one_message_what_when_where_and_what_to_do() -> None:
    offered = letter("assignment.offered").text
    assert offered == (
        "Harbor Coach: trip CH-2027-000001, Tue, Mar 3, 2099, 9:00 AM EST, 11 Wall St, New York, NY, with Coach 12. "
        "Please accept or decline: https://coachway.test/live/pages/driver?organization=harbor"
    )
    released = letter("assignment.released").text
    assert "is no longer yours: The charter was cancelled." in released


def test_the_second_driver_is_told_as_well_if_there_is_one() -> None:
    assert build(delivery("assignment.offered"), rule=1) is None
    crew = delivery("assignment.offered", second_driver_name="Sam Tran", second_driver_phone="+12125550188")
    told = build(crew, rule=1)
    assert told is not None
    assert (told.recipient, told.name, told.channel) == ("+12125550188", "Sam Tran", "sms")


CREW = {
    "second_driver_id": "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6T",
    "second_driver_name": "Sam Tran",
    "second_driver_phone": "+12125550188",
}


def test_who_takes_over_besides_the_driver_who_was_asked_is_told() -> None:
    taken = build(delivery("assignment.accepted", **CREW))
    assert taken is not None
    assert (taken.recipient, taken.template) == ("+12125550188", "assignment-offered")
    alone: dict[str, Any] = dict.fromkeys(CREW)
    assert build(delivery("assignment.accepted", **alone)) is None


@pytest.mark.parametrize(("by", "told"), [(None, "+12125550188"), (CREW["second_driver_id"], "+12125550177")])
def test_of_two_drivers_the_other_is_told_when_one_declines_and_not_why(by: str | None, told: str) -> None:
    assert build(delivery("assignment.declined"), rule=1) is None
    off = build(delivery("assignment.declined", **CREW, declined_by=by), rule=1)
    assert off is not None
    assert (off.recipient, off.template) == (told, "assignment-released")
    assert off.values["event"].reason == ("Rosa Delgado" if by is None else "Sam Tran") + " cannot drive it"


def test_a_driver_is_asked_to_take_over_and_told_until_when_to_answer() -> None:
    assert letter("recovery.offered").text == (
        "Harbor Coach: can you take over trip CH-2027-000001, Tue, Mar 3, 2099, 9:00 AM EST, 11 Wall St, New York, NY, "
        "with Coach 14? Answer by 8:10 AM EST: https://coachway.test/live/pages/driver?organization=harbor"
    )


def test_when_somebody_took_over_the_client_hears_who_comes_and_the_office_whom_they_replace() -> None:
    client = letter("trip.recovered").text
    assert "the vehicle broke down. Nia Near takes your trip over, with Coach 14." in client
    office = build(delivery("trip.recovered"), rule=1)
    assert office is not None
    assert (office.recipient, office.template) == ("hello@harbor.example", "trip-recovered-office")


def test_a_driver_who_has_not_reported_is_told_though_the_pickup_is_over() -> None:
    late = delivery("trip.unstarted", pickup_at="2020-03-03T14:00:00Z")
    told = build(late, rule=1)
    assert told is not None
    assert (told.recipient, told.channel) == ("+12125550177", "sms")
    assert told.useful_until == ids.created_at_of(late.event_id) + timedelta(hours=1)
    assert build(delivery("trip.unstarted", driver_phone=None), rule=1) is None
