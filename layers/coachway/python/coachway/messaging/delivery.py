"""Sends each message once.

Before a message is sent, its record is created with an id that is derived from the event, so a repeated delivery of the
event finds the record. If the process fails after sending and before updating the record, the next delivery takes over
when the lease of the record ends. For SMS, it then asks Twilio whether the message was accepted. SES has no such
request, so in this case an email is sent twice, with the same Message-ID.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from coachway.contracts.messaging import NotificationDelivered, NotificationFailed
from coachway.core import errors, file_storage, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckAbsent, Create, Update
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.types import contact
from coachway.erasure.model import ERASURE
from coachway.identity.message_limits import count_delivery
from coachway.messaging import deduplication
from coachway.messaging.channels import email
from coachway.messaging.channels.base import MessageRejected, RenderedMessage
from coachway.messaging.model import NOTIFICATION, Channel, Message, MessageStatus, Notification
from coachway.messaging.rendering import renderer
from coachway.messaging.rendering.sending_organization import SendingOrganization

EXPIRED_REASON: Final = "The message expired before it was sent."
NO_ADDRESS_REASON: Final = (
    "The organization has no address: set branding.email with PUT /organization, or give an admin an email address."
)


def send_message(caller: Caller, event_id: str, message: Message, sender: SendingOrganization) -> None:
    """Send a message unless it was sent before.

    Raises ConcurrentUpdate while another delivery of the event is sending it, UpstreamUnavailable if the email or SMS
    service fails temporarily.
    """
    rendered = renderer.render_message(message, sender)
    claimed = _claim_message(caller, event_id, message, rendered.subject)
    if claimed is None:
        return
    if not message.recipient:
        _mark_failed(caller, claimed, NO_ADDRESS_REASON)
        return
    if clock.now() > message.send_until:
        _mark_failed(caller, claimed, EXPIRED_REASON)
        return
    exceeded = count_delivery(
        sender.organization, message.template, message.recipient, is_to_organization=message.is_to_organization
    )
    if exceeded and claimed.attempts == 1:
        _mark_failed(caller, claimed, exceeded)
        return
    try:
        provider_id = _send_rendered(claimed, _limit_copies(message, sender), rendered, sender)
    except MessageRejected as error:
        _mark_failed(caller, claimed, error.reason)
    except errors.UpstreamUnavailable as error:
        waiting = claimed.model_copy(update={"status": MessageStatus.WAITING, "reason": error.detail})
        store.commit(caller, Update(claimed, waiting))
        raise
    else:
        sent = claimed.model_copy(
            update={"status": MessageStatus.SENT, "provider_id": provider_id, "sent_at": clock.now(), "reason": ""}
        )
        event = NotificationDelivered(template=sent.template, channel=sent.channel, about=sent.about)
        store.commit(caller, Update(claimed, sent, [event]))
        logger.info("message sent", notification_id=sent.id, template=sent.template, channel=sent.channel.value)


def _limit_copies(message: Message, sender: SendingOrganization) -> Message:
    """Return the message without copies to those who have received too many messages."""

    def is_allowed(address: str) -> bool:
        return count_delivery(sender.organization, message.template, address, is_to_organization=False) is None

    return replace(message, cc=tuple(filter(is_allowed, message.cc))) if message.cc else message


def _claim_message(caller: Caller, event_id: str, message: Message, subject: str) -> Notification | None:
    """Create or take over the record of a message; return None if the message was sent or has failed."""
    now = clock.now()
    record = Notification(
        id=deduplication.notification_id(event_id, message.template, message.recipient),
        org_id=caller.org_id,
        event_id=event_id,
        about=message.about,
        template=message.template,
        channel=message.channel,
        recipient=message.recipient,
        subject=subject,
        lease_until=now + deduplication.LEASE,
    )
    existing = store.find(Notification, NOTIFICATION.key(org=caller.org_id, id=record.id))
    if existing is None:
        claim: Create | Update = Create(record, on_exists=_in_progress_error())
        claimed = record
    else:
        match deduplication.next_step(existing, now):
            case deduplication.Step.DONE:
                return None
            case deduplication.Step.RETRY_LATER:
                raise _in_progress_error()
            case deduplication.Step.TAKE_OVER:
                claimed = _renew_lease(existing, now)
                claim = Update(existing, claimed, on_stale=_in_progress_error())
    try:
        store.commit(caller, claim, *_not_erased_ops(caller, message.client_id))
    except _ClientErased:
        logger.info("message to an erased client is not sent", notification_id=record.id, template=record.template)
        return None
    return claimed


class _ClientErased(errors.Conflict):
    """The recipient's personal data was erased, so no new record may contain its address."""


def _not_erased_ops(caller: Caller, client_id: str) -> list[CheckAbsent]:
    return [CheckAbsent(ERASURE.key(org=caller.org_id, client=client_id), _ClientErased())] if client_id else []


def _renew_lease(existing: Notification, now: datetime) -> Notification:
    return existing.model_copy(
        update={
            "status": MessageStatus.SENDING,
            "attempts": existing.attempts + 1,
            "lease_until": now + deduplication.LEASE,
        }
    )


def _in_progress_error() -> errors.ConcurrentUpdate:
    return errors.ConcurrentUpdate("The message is being sent by another delivery of the event.")


def _send_rendered(
    claimed: Notification, message: Message, rendered: RenderedMessage, sender: SendingOrganization
) -> str:
    if message.channel is Channel.EMAIL:
        attachment = message.attachment
        return email.send_email(
            rendered
            if attachment is None
            else replace(rendered, attachment=(attachment.name, file_storage.get_file(attachment.key))),
            to=message.recipient,
            to_name=message.name,
            cc=message.cc,
            from_name=sender.brand.name,
            reply_to=sender.brand.email,
            message_id=claimed.id,
        )
    from coachway.messaging.channels import sms  # Twilio's package is large, and most messages are emails.

    number = contact.normalize_address(message.recipient)
    provider_id = None
    if claimed.attempts > 1:
        provider_id = sms.find_accepted_sms(rendered.text, to=number, since=claimed.created_at)
    return provider_id or sms.send_sms(rendered.text, to=number)


def _mark_failed(caller: Caller, claimed: Notification, reason: str) -> None:
    failed = claimed.model_copy(update={"status": MessageStatus.FAILED, "reason": reason})
    event = NotificationFailed(template=failed.template, channel=failed.channel, about=failed.about, reason=reason)
    store.commit(caller, Update(claimed, failed, [event]))
    logger.warning("message failed", notification_id=failed.id, template=failed.template, reason=reason)
