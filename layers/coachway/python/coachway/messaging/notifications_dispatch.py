"""What we write about trips that are run: to drivers, and to the office when one is in danger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.messaging import message_builder
from coachway.messaging.message_builder import Occasion
from coachway.messaging.model import Channel, Message
from coachway.messaging.payloads import alarms, assignments, recoveries
from coachway.messaging.rendering.sender import Letterhead

_OF_USE: Final = timedelta(hours=1)
"""So long it helps to tell a driver that duty has begun."""


def _drivers_page(head: Letterhead) -> str:
    """Where drivers work; it knows by its address whose they are."""
    return f"{settings.public_url()}/pages/driver?organization={head.slug}"


def _to_driver(template: str, model: type[assignments.Offered], *, second: bool = False) -> Occasion:
    """A text message to the driver of a trip, or to the second driver if there is one."""

    def occasion(delivery: Delivery, head: Letterhead) -> Message | None:
        said = message_builder.parse_event(model, delivery)
        phone, name = said.driver_phone, said.driver_name
        if second:
            phone, name = said.second_driver_phone, said.second_driver_name or ""
        if not phone:
            return None
        values = {"said": said, "link": _drivers_page(head)}
        until = message_builder.expires_at(delivery, said.pickup_at)
        return Message(template, Channel.SMS, phone, delivery.aggregate_id, until, name, values)

    return occasion


def _crew_declined(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the driver whose colleague has declined; why is the colleague's own matter."""
    said = message_builder.parse_event(assignments.Declined, delivery)
    if said.second_driver_id is None:
        return None
    phone, name, other = said.second_driver_phone, said.second_driver_name or "", said.driver_name
    if said.declined_by == said.second_driver_id:
        phone, name, other = said.driver_phone, said.driver_name, said.second_driver_name or ""
    if not phone:
        return None
    told = said.model_copy(update={"reason": f"{other} cannot drive it"})
    values = {"said": told, "link": _drivers_page(head)}
    until = message_builder.expires_at(delivery, said.pickup_at)
    return Message("assignment-released", Channel.SMS, phone, delivery.aggregate_id, until, name, values)


def _not_reported(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the driver who should be on duty."""
    said = message_builder.parse_event(alarms.Unstarted, delivery)
    if not said.driver_phone:
        return None
    until = message_builder.expires_at(delivery, ids.created_at_of(delivery.event_id) + _OF_USE)
    values = {"said": said, "link": _drivers_page(head)}
    about = delivery.aggregate_id
    return Message("trip-unstarted", Channel.SMS, said.driver_phone, about, until, said.driver_name, values)


def _recovery_offered(delivery: Delivery, head: Letterhead) -> Message | None:
    """To the driver who is asked, while they may still answer."""
    said = message_builder.parse_event(recoveries.Offered, delivery)
    if not said.driver_phone:
        return None
    values = {"said": said, "link": _drivers_page(head)}
    until = message_builder.expires_at(delivery, said.offer.expires_at)
    about, name = delivery.aggregate_id, said.offer.driver_name
    return Message("recovery-offered", Channel.SMS, said.driver_phone, about, until, name, values)


def _trip_recovered(delivery: Delivery, _: Letterhead) -> Message | None:
    said = message_builder.parse_event(recoveries.Recovered, delivery)
    if not said.client_email:
        return None
    about, until = delivery.aggregate_id, message_builder.expires_at(delivery)
    return Message("trip-recovered", Channel.EMAIL, said.client_email, about, until, said.client_name, {"said": said})


OCCASIONS: Final[Mapping[str, Occasion]] = {
    "assignment.offered": _to_driver("assignment-offered", assignments.Offered),
    # Who accepts knows. Who takes over besides them is told, by the phone that is in the event only then.
    "assignment.accepted": _to_driver("assignment-offered", assignments.Offered, second=True),
    "assignment.released": _to_driver("assignment-released", assignments.Released),
    "assignment.declined": message_builder.to_office("assignment-declined", assignments.Uncovered),
    "assignment.endangered": message_builder.to_office("assignment-endangered", assignments.Uncovered),
    "recovery.offered": _recovery_offered,
    "recovery.escalated": message_builder.to_office("recovery-escalated", recoveries.Escalated),
    "trip.recovered": _trip_recovered,
    "trip.hours_exceeded": message_builder.to_office("trip-alarm", alarms.HoursExceeded),
    "trip.late_risk": message_builder.to_office("trip-alarm", alarms.Late),
    "trip.papers_lacking": message_builder.to_office("trip-alarm", alarms.PapersLacking),
    "trip.unstarted": message_builder.to_office("trip-alarm", alarms.Unstarted),
}

ALSO: Final[Mapping[str, Occasion]] = {
    "assignment.offered": _to_driver("assignment-offered", assignments.Offered, second=True),
    "assignment.released": _to_driver("assignment-released", assignments.Released, second=True),
    "assignment.declined": _crew_declined,
    "trip.recovered": message_builder.to_office("trip-recovered-office", recoveries.Recovered),
    "trip.unstarted": _not_reported,
}
"""What some of them make us write to somebody else besides."""
