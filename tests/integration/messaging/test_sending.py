"""Each event makes its message once, whatever happens on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.messaging import delivery as messaging_delivery
from coachway.messaging import queries, rules
from coachway.messaging.channels import email
from coachway.messaging.model import NOTIFICATION, Notification, NotificationQuery, Status
from coachway.messaging.notifications import consumers as notification_consumers
from tests.entries import load
from tests.integration.messaging.conftest import ORG, Post
from tests.unit.messaging.sample_events import SAID, delivery

CALLER = Caller.system("messaging", ORG)


def consume(event: Delivery) -> None:
    notification_consumers.send_messages(CALLER, event)


def records() -> list[Notification]:
    listed: Page[Notification] = queries.list_notifications(CALLER, NotificationQuery())
    return listed.items


def ses_that_answers(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any]) -> None:
    class Ses:
        def send_raw_email(self, **_: Any) -> Any:
            return answer()

    monkeypatch.setattr(email, "_ses", Ses)


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendRawEmail")


@pytest.mark.parametrize("kind", sorted(SAID))
def test_every_event_makes_one_message_to_each_however_often_it_comes(kind: str, post: Post) -> None:
    event = delivery(kind)
    for _ in range(3):
        consume(event)
    told = [mail["To"] for mail in post.mails] + [text["to"] for text in post.texts]
    assert 1 <= len(told) == len(set(told)) <= len(notification_consumers.RULES_BY_EVENT[kind])
    known = records()
    assert len(known) == len(told)
    for record in known:
        assert (record.status, record.attempts, record.event_id) == (Status.SENT, 1, event.event_id)
        assert record.provider_id
        assert record.sent_at is not None


@pytest.mark.parametrize("kind", ["charter.cancelled", "refund.completed", "payment.succeeded"])
def test_a_client_that_was_removed_since_is_not_written_to(kind: str, post: Post) -> None:
    event = delivery(kind)
    event.data |= {"client_name": "", "client_email": ""}
    consume(event)
    assert (post.mails, post.texts, records()) == ([], [], [])


def test_a_mail_carries_the_id_of_its_record(post: Post) -> None:
    consume(delivery("charter.booked"))
    (sent,) = post.mails
    (record,) = records()
    assert sent["Message-ID"] == f"<{record.id}@coachway.example>"
    assert sent["From"] == "Harbor Coach <no-reply@coachway.example>"
    assert sent["Reply-To"] == "Harbor Coach <hello@harbor.example>"
    assert sent["To"] == "Acme Events <events@acme.example>"


def test_the_queue_s_batch_fails_for_what_failed_only(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = delivery("charter.booked"), delivery("user.otp_requested")
    post.sandbox.set_mode("fail", 1)
    handler = load("messaging", "consumer").handler

    def record(event: Delivery) -> dict[str, Any]:
        detail = {**event.model_dump(exclude={"type", "version"}), "occurred_at": "2027-01-01T00:00:00Z"}
        body = {"detail-type": event.type, "detail": detail}
        return {"messageId": event.event_id, "body": json.dumps(body), "eventSource": "aws:sqs"}

    batch = {"Records": [record(good), record(bad)]}
    assert handler(batch, None) == {"batchItemFailures": [{"itemIdentifier": bad.event_id}]}
    assert handler(batch, None) == {"batchItemFailures": []}
    assert (len(post.mails), len(post.texts)) == (1, 1)


def test_a_number_that_cannot_be_reached_fails_for_good(post: Post) -> None:
    post.sandbox.set_mode("refuse", 1)
    event = delivery("user.otp_requested")
    consume(event)
    consume(event)
    (record,) = records()
    assert (record.status, record.reason) == (Status.FAILED, "the telephone service refused it (21211)")
    assert post.texts == []
    last = store.history(record.key())[-1]
    assert last.type == "notification.failed"
    assert "+1212" not in last.model_dump_json()


def test_a_text_message_taken_without_an_answer_is_not_sent_again(post: Post) -> None:
    post.sandbox.set_mode("time_out_after", 1)
    event = delivery("user.otp_requested")
    with pytest.raises(errors.UpstreamUnavailable):
        consume(event)
    assert records()[0].status is Status.WAITING
    consume(event)
    assert len(post.texts) == 1
    (record,) = records()
    assert (record.status, record.attempts, record.provider_id) == (Status.SENT, 2, post.texts[0]["sid"])


def test_a_text_message_that_was_not_taken_is_sent_on_the_next_delivery(post: Post) -> None:
    post.sandbox.set_mode("fail", 1)
    event = delivery("user.otp_requested")
    with pytest.raises(errors.UpstreamUnavailable):
        consume(event)
    consume(event)
    assert len(post.texts) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("Throttling"),
        refusal("AccountSendingPausedException"),
        refusal("MessageRejected", "Email address is not verified."),
        ReadTimeoutError(endpoint_url="https://email.example"),
    ],
)
def test_what_passes_is_tried_again(trouble: Exception, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> Any:
        raise trouble

    event = delivery("charter.booked")
    with monkeypatch.context() as troubled:
        ses_that_answers(troubled, answer)
        with pytest.raises(errors.UpstreamUnavailable):
            consume(event)
    assert records()[0].status is Status.WAITING
    consume(event)
    assert len(post.mails) == 1
    assert records()[0].attempts == 2


def test_a_mail_that_ses_rejects_fails_for_good(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> Any:
        raise refusal("MessageRejected", "Address is on the suppression list")

    ses_that_answers(monkeypatch, answer)
    consume(delivery("charter.booked"))
    (record,) = records()
    assert (record.status, record.reason) == (Status.FAILED, "the mail service refused it (MessageRejected)")


def test_while_one_is_sending_a_second_delivery_waits(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    event = delivery("charter.booked")

    def answer() -> Any:
        with pytest.raises(errors.ConcurrentUpdate):
            consume(event)
        return {"MessageId": "1"}

    ses_that_answers(monkeypatch, answer)
    consume(event)
    assert records()[0].status is Status.SENT


def test_who_was_cut_off_after_sending_is_replaced_when_the_lease_ends(post: Post) -> None:
    """The one case in which a mail goes out twice: its Message-ID is the same."""
    event = delivery("charter.booked")
    with pytest.MonkeyPatch.context() as cut_off:

        def die(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        cut_off.setattr(messaging_delivery, "NotificationDelivered", die)
        with pytest.raises(KeyboardInterrupt):
            consume(event)
    with pytest.raises(errors.ConcurrentUpdate):
        consume(event)
    with clock.frozen(clock.now() + rules.LEASE):
        consume(event)
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert records()[0].attempts == 2


def test_a_text_message_goes_out_once_even_then(post: Post) -> None:
    event = delivery("user.otp_requested")
    with pytest.MonkeyPatch.context() as cut_off:

        def die(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        cut_off.setattr(messaging_delivery, "NotificationDelivered", die)
        with pytest.raises(KeyboardInterrupt):
            consume(event)
    with clock.frozen(clock.now() + rules.LEASE):
        consume(event)
    assert len(post.texts) == 1
    assert records()[0].provider_id == post.texts[0]["sid"]


def test_what_is_of_no_use_any_more_is_not_sent(post: Post) -> None:
    consume(delivery("user.otp_requested", expires_at="2026-01-01T00:00:00Z"))
    with clock.frozen(clock.now() - timedelta(days=15)):
        old = ids.ulid()
    consume(delivery("charter.booked", event_id=old))
    assert (post.mails, post.texts) == ([], [])
    assert {each.reason for each in records()} <= {messaging_delivery.TOO_LATE}


def test_a_declined_quote_is_told_to_the_organization_itself(post: Post) -> None:
    consume(delivery("quote.declined"))
    assert [each["To"] for each in post.mails] == ["Harbor Coach <hello@harbor.example>"]


def test_the_record_holds_no_link_and_no_code(post: Post, dynamodb: Any) -> None:
    consume(delivery("user.otp_requested"))
    consume(delivery("quote.sent"))
    kept = str(dynamodb.scan(TableName="coachway-test")["Items"])
    code = post.texts[0]["body"][:6]
    plain = next(part for part in post.mails[0].walk() if part.get_content_type() == "text/plain")
    body = str(plain.get_payload(decode=True))
    token = body.partition("/pages/quotes/")[2].split("\\")[0]
    assert len(token) > 60
    assert token not in kept
    assert f"{code} is" not in kept


def test_the_log_names_nobody(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    post.sandbox.set_mode("refuse", 1)
    consume(delivery("user.otp_requested"))
    consume(delivery("quote.sent"))
    told = capsys.readouterr()
    for secret in ("+12125550123", "acme", "Acme", "/pages/quotes/"):
        assert secret not in told.out + told.err


def test_records_go_after_half_a_year(post: Post) -> None:
    consume(delivery("charter.booked"))
    record = records()[0]
    assert record.expires_at() == int((record.created_at + timedelta(days=180)).timestamp())
    with clock.frozen(clock.now() + timedelta(days=181)), pytest.raises(errors.NotFound):
        queries.get_notification(CALLER, record.id)


def test_the_place_of_a_record_is_the_organization_s(post: Post) -> None:
    consume(delivery("charter.booked"))
    record = records()[0]
    assert store.find(Notification, NOTIFICATION.key(org=ids.new("org"), id=record.id)) is None


def test_an_invoice_goes_out_with_its_pdf(post: Post) -> None:
    consume(delivery("invoice.filed"))
    (mail,) = post.mails
    (enclosed,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert enclosed.get_filename() == "INV-2027-HARBOR-00001.pdf"
    assert enclosed.get_payload(decode=True) == b"%PDF-1.4 an invoice"
