"""Sends each message once.

A message is claimed by writing its record, under an id that follows from the event, before it is sent; afterwards it is
marked. An event delivered twice finds the record. A sender cut off between sending and marking leaves a claim whose
lease ends: the next delivery takes over. Then Twilio is asked whether it has the message; SES cannot be asked, so in
that one case a mail goes out again, under the same Message-ID.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from coachway.contracts.messaging import NotificationDelivered, NotificationFailed
from coachway.core import errors, file_storage, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.messaging import rules
from coachway.messaging.channels import email, sms
from coachway.messaging.channels.base import Refused, RenderedMessage
from coachway.messaging.model import NOTIFICATION, Channel, Message, Notification, Status
from coachway.messaging.rendering import renderer
from coachway.messaging.rendering.sender import Letterhead

TOO_LATE: Final = "it came too late to be of use"


def send_message(caller: Caller, event_id: str, message: Message, letterhead: Letterhead) -> None:
    """Send `message`, if it was not sent before.

    Raises ConcurrentUpdate while another delivery of the event is sending it, UpstreamUnavailable when a service
    failed for now.
    """
    letter = renderer.render_message(message, letterhead)
    claimed = _claim(caller, event_id, message, letter.subject)
    if claimed is None:
        return
    if clock.now() > message.useful_until:
        _fail(caller, claimed, TOO_LATE)
        return
    try:
        provider_id = _send_by_channel(claimed, message, letter, letterhead)
    except Refused as refusal:
        _fail(caller, claimed, refusal.reason)
    except errors.UpstreamUnavailable as failure:
        later = claimed.model_copy(update={"status": Status.WAITING, "reason": failure.detail})
        store.commit(caller, Update(claimed, later))
        raise
    else:
        sent = claimed.model_copy(
            update={"status": Status.SENT, "provider_id": provider_id, "sent_at": clock.now(), "reason": ""}
        )
        event = NotificationDelivered(template=sent.template, channel=sent.channel, about=sent.about)
        store.commit(caller, Update(claimed, sent, [event]))
        logger.info("message sent", notification_id=sent.id, template=sent.template, channel=sent.channel.value)


def _claim(caller: Caller, event_id: str, message: Message, subject: str) -> Notification | None:
    """The record of a message that is now ours to send; None if there is nothing to do."""
    now = clock.now()
    record = Notification(
        id=rules.notification_id(event_id, message.template, message.recipient),
        org_id=caller.org_id,
        event_id=event_id,
        about=message.about,
        template=message.template,
        channel=message.channel,
        recipient=message.recipient,
        subject=subject,
        lease_until=now + rules.LEASE,
    )
    existing = store.find(Notification, NOTIFICATION.key(org=caller.org_id, id=record.id))
    if existing is None:
        store.commit(caller, Create(record, on_exists=_busy_error()))
        return record
    match rules.next_step(existing, now):
        case rules.Step.DONE:
            return None
        case rules.Step.LEAVE:
            raise _busy_error()
        case rules.Step.TAKE_OVER:
            return _take_over_claim(caller, existing, now)


def _take_over_claim(caller: Caller, existing: Notification, now: datetime) -> Notification:
    ours = existing.model_copy(
        update={"status": Status.SENDING, "attempts": existing.attempts + 1, "lease_until": now + rules.LEASE}
    )
    store.commit(caller, Update(existing, ours, on_stale=_busy_error()))
    return ours


def _busy_error() -> errors.ConcurrentUpdate:
    return errors.ConcurrentUpdate("another delivery of the event is sending this message")


def _send_by_channel(claimed: Notification, message: Message, letter: RenderedMessage, letterhead: Letterhead) -> str:
    if message.channel is Channel.EMAIL:
        enclosed = message.attachment
        return email.send_email(
            letter if enclosed is None else replace(letter, attachment=(enclosed.name, file_storage.get(enclosed.key))),
            to=message.recipient,
            to_name=message.name,
            from_name=letterhead.brand.name,
            reply_to=letterhead.brand.email,
            message_id=claimed.id,
        )
    before = None
    if claimed.attempts > 1:
        before = sms.find_sent(letter.text, to=message.recipient, since=claimed.created_at)
    return before or sms.send_sms(letter.text, to=message.recipient)


def _fail(caller: Caller, claimed: Notification, reason: str) -> None:
    failed = claimed.model_copy(update={"status": Status.FAILED, "reason": reason})
    event = NotificationFailed(template=failed.template, channel=failed.channel, about=failed.about, reason=reason)
    store.commit(caller, Update(claimed, failed, [event]))
    logger.warning("message failed", notification_id=failed.id, template=failed.template, reason=reason)
