"""Messages about assignments and trips: to drivers, and to the organization when a trip is at risk."""

from datetime import timedelta
from typing import Any, Final

from coachway.contracts.dispatch.assignments import (
    AssignmentAccepted,
    AssignmentAtRisk,
    AssignmentDeclined,
    AssignmentOffered,
    AssignmentReleased,
    AssignmentReminderSent,
    TripDocumentsMissing,
    TripHoursExceeded,
    TripLateRisk,
    TripNotStarted,
)
from coachway.contracts.dispatch.recovery import RecoveryEscalated, RecoveryOffered, TripRecovered
from coachway.core.runtime import settings
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, organization_email, sms_channel

_CHECK_IN_REMINDER: Final = timedelta(hours=1)
"""How long after the event a reminder to check in is sent."""

CrewEvent = AssignmentOffered | AssignmentAccepted | AssignmentReminderSent | AssignmentReleased


def _get_driver_page_link(_event: Any, context: MessageContext) -> dict[str, str]:
    """Return the link to the drivers' page of the organization."""
    return {"link": f"{settings.public_url()}/pages/driver?organization={context.sender.slug}"}


def _get_driver_recipient(event: CrewEvent | TripNotStarted, _context: MessageContext) -> Recipient:
    return Recipient(event.driver_phone, event.driver_name)


def _get_second_driver_recipient(event: CrewEvent, _context: MessageContext) -> Recipient:
    return Recipient(event.second_driver_phone, event.second_driver_name or "")


def _get_other_driver_recipient(event: AssignmentDeclined, _context: MessageContext) -> Recipient:
    """Return the driver whose colleague declined, in a crew of two."""
    if event.declined_by == event.second_driver_id:
        return Recipient(event.driver_phone, event.driver_name)
    return Recipient(event.second_driver_phone, event.second_driver_name or "")


def _colleague_declined(event: AssignmentDeclined, context: MessageContext) -> dict[str, Any]:
    """Return values that replace the reason: drivers do not see the reason of a colleague."""
    second_declined = event.declined_by == event.second_driver_id
    colleague = event.second_driver_name or "" if second_declined else event.driver_name
    return {
        **_get_driver_page_link(event, context),
        "event": event.model_copy(update={"reason": f"{colleague} cannot drive it"}),
    }


def _get_client_recipient(event: TripRecovered, _context: MessageContext) -> Recipient:
    return Recipient(event.client_email, event.client_name)


def _driver_rule(event: type[Any], template: str, *, second: bool = False) -> MessageRule[Any]:
    """Build the rule of a text message to the driver or the second driver. It is sent until the pickup."""
    return MessageRule(
        event=event,
        template=template,
        recipient=_get_second_driver_recipient if second else _get_driver_recipient,
        channel=sms_channel,
        values=_get_driver_page_link,
        send_until=lambda event, _context: event.pickup_at,
    )


RULES: Final[tuple[MessageRule[Any], ...]] = (
    _driver_rule(AssignmentOffered, "assignment-offered"),
    _driver_rule(AssignmentOffered, "assignment-offered", second=True),
    # Only to a second driver who takes over: the event has their phone number only then.
    _driver_rule(AssignmentAccepted, "assignment-offered", second=True),
    _driver_rule(AssignmentReminderSent, "assignment-reminder"),
    _driver_rule(AssignmentReminderSent, "assignment-reminder", second=True),
    _driver_rule(AssignmentReleased, "assignment-released"),
    _driver_rule(AssignmentReleased, "assignment-released", second=True),
    organization_email(AssignmentDeclined, "assignment-declined"),
    MessageRule(
        event=AssignmentDeclined,
        template="assignment-released",
        recipient=_get_other_driver_recipient,
        channel=sms_channel,
        applies=lambda event: event.second_driver_id is not None,
        values=_colleague_declined,
        send_until=lambda event, _context: event.pickup_at,
    ),
    organization_email(AssignmentAtRisk, "assignment-endangered"),
    MessageRule(
        event=RecoveryOffered,
        template="recovery-offered",
        recipient=lambda event, _context: Recipient(event.driver_phone, event.offer.driver_name),
        channel=sms_channel,
        values=_get_driver_page_link,
        send_until=lambda event, _context: event.offer.expires_at,
    ),
    organization_email(RecoveryEscalated, "recovery-escalated"),
    MessageRule(event=TripRecovered, template="trip-recovered", recipient=_get_client_recipient),
    organization_email(TripRecovered, "trip-recovered-office"),
    organization_email(TripHoursExceeded, "trip-alarm"),
    organization_email(TripLateRisk, "trip-alarm"),
    organization_email(TripDocumentsMissing, "trip-alarm"),
    organization_email(TripNotStarted, "trip-alarm"),
    MessageRule(
        event=TripNotStarted,
        template="trip-unstarted",
        recipient=_get_driver_recipient,
        channel=sms_channel,
        values=_get_driver_page_link,
        send_until=lambda _event, context: context.occurred_at + _CHECK_IN_REMINDER,
    ),
)
