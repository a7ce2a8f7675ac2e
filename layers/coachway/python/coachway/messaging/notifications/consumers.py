"""Event consumers that send messages. A new capability adds its rules to `RULES`."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from coachway.contracts.clients import ClientErased
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.messaging import delivery as message_delivery
from coachway.messaging import erasure
from coachway.messaging.message_rule import MessageRule
from coachway.messaging.notifications import bids, billing, bookings, compliance, dispatch, identity, proposals, sales
from coachway.messaging.rendering import sending_organization

RULES: Final[tuple[MessageRule[Any], ...]] = (
    *bids.RULES,
    *billing.RULES,
    *bookings.RULES,
    *compliance.RULES,
    *dispatch.RULES,
    *identity.RULES,
    *proposals.RULES,
    *sales.RULES,
)


def _group_by_event() -> dict[str, list[MessageRule[Any]]]:
    rules = defaultdict(list)
    for rule in RULES:
        rules[rule.event.TYPE].append(rule)
    return dict(rules)


RULES_BY_EVENT: Final[Mapping[str, list[MessageRule[Any]]]] = _group_by_event()
"""The rules by event type."""


def send_messages(caller: Caller, delivery: Delivery) -> None:
    """Send all messages about an event."""
    message_sender = sending_organization.load_sending_organization(delivery.org_id)
    for rule in RULES_BY_EVENT[delivery.type]:
        message = rule.build(delivery, message_sender)
        if message is not None:
            message_delivery.send_message(caller, delivery.event_id, message, message_sender)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    **dict.fromkeys(RULES_BY_EVENT, send_messages),
    ClientErased.TYPE: erasure.on_client_erased,
}
"""Consumers by event type; the template is generated from them."""
