"""Sending of messages: once per event, also after failures."""

from __future__ import annotations

import json
from datetime import timedelta
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.messaging import deduplication, queries
from coachway.messaging import delivery as messaging_delivery
from coachway.messaging.model import NOTIFICATION, MessageStatus, Notification, NotificationQuery
from coachway.messaging.notifications import consumers as notification_consumers
from tests.integration.messaging.builders import CALLER, client_error, list_records, patch_ses, send
from tests.integration.messaging.message_services import SentMessages
from tests.unit.messaging.builders import build_delivery
from tests.unit.messaging.sample_events import SAMPLES
from tools.function_modules import load


@pytest.mark.parametrize("event_type", sorted(SAMPLES))
def test_send_messages_of_repeated_event_sends_each_message_once(event_type: str, sent_messages: SentMessages) -> None:
    event = build_delivery(event_type)
    for _ in range(3):
        send(event)
    recipients = [mail["To"] for mail in sent_messages.mails] + [text["to"] for text in sent_messages.texts]
    assert 1 <= len(recipients) == len(set(recipients)) <= len(notification_consumers.RULES_BY_EVENT[event_type])
    records = list_records()
    assert len(records) == len(recipients)
    for record in records:
        assert (record.status, record.attempts, record.event_id) == (MessageStatus.SENT, 1, event.event_id)
        assert record.provider_id
        assert record.sent_at is not None


def test_email_has_record_id_as_message_id(sent_messages: SentMessages) -> None:
    send(build_delivery("charter.booked"))
    (mail,) = sent_messages.mails
    (record,) = list_records()
    assert mail["Message-ID"] == f"<{record.id}@coachway.example>"
    assert mail["From"] == '"Harbor Coach" <no-reply@coachway.example>'
    assert mail["Reply-To"] == '"Harbor Coach" <hello@harbor.example>'
    assert mail["To"] == '"Acme Events" <events@acme.example>'


def test_consumer_reports_only_failed_messages_of_batch(
    sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    valid, failing = build_delivery("charter.booked"), build_delivery("user.otp_requested")
    sent_messages.sandbox.set_mode("fail", 1)
    handler = load("messaging", "consumer").handler

    def sqs_record(event: Delivery) -> dict[str, Any]:
        detail = {**event.model_dump(exclude={"type", "version"}), "occurred_at": "2027-01-01T00:00:00Z"}
        body = {"detail-type": event.type, "detail": detail}
        return {"messageId": event.event_id, "body": json.dumps(body), "eventSource": "aws:sqs"}

    malformed = [
        {"messageId": body, "body": body} for body in ("not JSON", "[]", "{}", '{"detail-type": "x", "detail": {}}')
    ]
    batch = {"Records": [*malformed, sqs_record(valid), sqs_record(failing)]}
    reported = [{"itemIdentifier": each["messageId"]} for each in malformed]
    assert handler(batch, None) == {"batchItemFailures": [*reported, {"itemIdentifier": failing.event_id}]}
    assert handler(batch, None) == {"batchItemFailures": reported}
    assert (len(sent_messages.mails), len(sent_messages.texts)) == (1, 1)


def test_rejected_text_message_fails_permanently(sent_messages: SentMessages) -> None:
    sent_messages.sandbox.set_mode("refuse", 1)
    event = build_delivery("user.otp_requested")
    send(event)
    send(event)
    (record,) = list_records()
    assert (record.status, record.reason) == (MessageStatus.FAILED, "The SMS service rejected the message (21211).")
    assert sent_messages.texts == []
    last = store.list_history(record.key())[-1]
    assert last.type == "notification.failed"
    assert "+1212" not in last.model_dump_json()


def test_text_message_to_stored_number_goes_to_its_e164_form(sent_messages: SentMessages) -> None:
    send(build_delivery("user.otp_requested", recipient="+44 (0)20 7946 0958"))
    (text,) = sent_messages.texts
    assert text["to"] == "+442079460958"
    for recipient in ("+442079460958", "+44 (0)20 7946 0958"):
        page = queries.list_notifications(CALLER, NotificationQuery(recipient=recipient))
        assert [each.status for each in page.items] == [MessageStatus.SENT]


def test_text_message_accepted_without_response_is_not_sent_again(sent_messages: SentMessages) -> None:
    sent_messages.sandbox.set_mode("time_out_after", 1)
    event = build_delivery("user.otp_requested")
    with pytest.raises(errors.UpstreamUnavailable):
        send(event)
    assert list_records()[0].status is MessageStatus.WAITING
    send(event)
    assert len(sent_messages.texts) == 1
    (record,) = list_records()
    assert (record.status, record.attempts, record.provider_id) == (
        MessageStatus.SENT,
        2,
        sent_messages.texts[0]["sid"],
    )


def test_failed_text_message_is_sent_by_next_delivery(sent_messages: SentMessages) -> None:
    sent_messages.sandbox.set_mode("fail", 1)
    event = build_delivery("user.otp_requested")
    with pytest.raises(errors.UpstreamUnavailable):
        send(event)
    send(event)
    assert len(sent_messages.texts) == 1


@pytest.mark.parametrize(
    "error",
    [
        client_error("Throttling"),
        client_error("AccountSendingPausedException"),
        client_error("MessageRejected", "Email address is not verified."),
        ReadTimeoutError(endpoint_url="https://email.example"),
    ],
)
def test_temporary_email_failure_is_retried(
    error: Exception, sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond() -> Any:
        raise error

    event = build_delivery("charter.booked")
    with monkeypatch.context() as patch:
        patch_ses(patch, respond)
        with pytest.raises(errors.UpstreamUnavailable):
            send(event)
    assert list_records()[0].status is MessageStatus.WAITING
    send(event)
    assert len(sent_messages.mails) == 1
    assert list_records()[0].attempts == 2


def test_rejected_email_fails_permanently(sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond() -> Any:
        raise client_error("MessageRejected", "Address is on the suppression list")

    patch_ses(monkeypatch, respond)
    send(build_delivery("charter.booked"))
    (record,) = list_records()
    assert (record.status, record.reason) == (
        MessageStatus.FAILED,
        "The email service rejected the message (MessageRejected).",
    )


def test_email_to_name_with_encoded_headers_has_only_our_headers(sent_messages: SentMessages) -> None:
    name = "=?utf-8?q?Eve=0d=0aBcc:_victim@example.com=0d=0a=0d=0a<h1>Pay_here</h1>?="
    send(build_delivery("user.password_reset_requested", first_name=name, organization_name=name))
    (mail,) = sent_messages.mails
    assert mail["Bcc"] is None
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "<h1>Pay" not in str(list(mail.walk())[2].get_payload(decode=True))
    [(phrase, address)] = getaddresses([mail["To"]])
    assert (str(make_header(decode_header(phrase))), address) == (name, "eli@harbor.example")
    assert str(make_header(decode_header(mail["Subject"]))) == f"Set a new password for {name}"
    assert list_records()[0].status is MessageStatus.SENT


@pytest.mark.parametrize(
    "address", ["eli @harbor.example", "eli@harbor.example\r\nBcc: x@y.example", "grüße@a.example"]
)
def test_email_that_cannot_be_composed_fails_permanently(address: str, sent_messages: SentMessages) -> None:
    event = build_delivery("user.password_reset_requested", email=address)
    for _ in range(2):
        send(event)
    (record,) = list_records()
    assert record.status is MessageStatus.FAILED
    assert record.reason
    assert sent_messages.mails == []


def test_concurrent_delivery_is_retried_later(sent_messages: SentMessages, monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_delivery("charter.booked")

    def respond() -> Any:
        with pytest.raises(errors.ConcurrentUpdate):
            send(event)
        return {"MessageId": "1"}

    patch_ses(monkeypatch, respond)
    send(event)
    assert list_records()[0].status is MessageStatus.SENT


def test_delivery_after_interrupted_email_takes_over_when_lease_ends(sent_messages: SentMessages) -> None:
    """Only in this case an email is sent twice, with the same Message-ID."""
    event = build_delivery("charter.booked")
    with pytest.MonkeyPatch.context() as patch:

        def interrupt(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(messaging_delivery, "NotificationDelivered", interrupt)
        with pytest.raises(KeyboardInterrupt):
            send(event)
    with pytest.raises(errors.ConcurrentUpdate):
        send(event)
    with clock.frozen(clock.now() + deduplication.LEASE):
        send(event)
    first, second = sent_messages.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert list_records()[0].attempts == 2


def test_delivery_after_interrupted_text_message_does_not_send_it_again(sent_messages: SentMessages) -> None:
    event = build_delivery("user.otp_requested")
    with pytest.MonkeyPatch.context() as patch:

        def interrupt(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(messaging_delivery, "NotificationDelivered", interrupt)
        with pytest.raises(KeyboardInterrupt):
            send(event)
    with clock.frozen(clock.now() + deduplication.LEASE):
        send(event)
    assert len(sent_messages.texts) == 1
    assert list_records()[0].provider_id == sent_messages.texts[0]["sid"]


def test_expired_messages_are_not_sent(sent_messages: SentMessages) -> None:
    send(build_delivery("user.otp_requested", expires_at="2026-01-01T00:00:00Z"))
    with clock.frozen(clock.now() - timedelta(days=15)):
        old_event_id = ids.ulid()
    send(build_delivery("charter.booked", event_id=old_event_id))
    assert (sent_messages.mails, sent_messages.texts) == ([], [])
    assert {each.reason for each in list_records()} <= {messaging_delivery.EXPIRED_REASON}


def test_declined_quote_notifies_organization(sent_messages: SentMessages) -> None:
    send(build_delivery("quote.declined"))
    assert [each["To"] for each in sent_messages.mails] == ['"Harbor Coach" <hello@harbor.example>']


def test_records_contain_no_links_and_no_codes(sent_messages: SentMessages, dynamodb: Any) -> None:
    send(build_delivery("user.otp_requested"))
    send(build_delivery("quote.sent"))
    items = str(dynamodb.scan(TableName="coachway-test")["Items"])
    code = sent_messages.texts[0]["body"][:6]
    plain = next(part for part in sent_messages.mails[0].walk() if part.get_content_type() == "text/plain")
    body = str(plain.get_payload(decode=True))
    token = body.partition("/pages/quotes/")[2].split("\\")[0]
    assert len(token) > 60
    assert token not in items
    assert f"{code} is" not in items


def test_log_contains_no_personal_data(sent_messages: SentMessages, capsys: pytest.CaptureFixture[str]) -> None:
    sent_messages.sandbox.set_mode("refuse", 1)
    send(build_delivery("user.otp_requested"))
    send(build_delivery("quote.sent"))
    output = capsys.readouterr()
    for secret in ("+12125550123", "acme", "Acme", "/pages/quotes/"):
        assert secret not in output.out + output.err


def test_records_expire_after_180_days(sent_messages: SentMessages) -> None:
    send(build_delivery("charter.booked"))
    record = list_records()[0]
    assert record.expires_at() == int((record.created_at + timedelta(days=180)).timestamp())
    with clock.frozen(clock.now() + timedelta(days=181)), pytest.raises(errors.NotFound):
        queries.get_notification(CALLER, record.id)


def test_record_is_hidden_from_other_organizations(sent_messages: SentMessages) -> None:
    send(build_delivery("charter.booked"))
    record = list_records()[0]
    assert store.find(Notification, NOTIFICATION.key(org=ids.new("org"), id=record.id)) is None


def test_invoice_email_has_pdf_attachment(sent_messages: SentMessages) -> None:
    send(build_delivery("invoice.filed"))
    (mail,) = sent_messages.mails
    (attachment,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert attachment.get_filename() == "INV-2027-HARBOR-00001.pdf"
    assert attachment.get_payload(decode=True) == b"%PDF-1.4 an invoice"
