"""What every occasion to write needs: what the event said, until when it matters, and where a page is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pydantic import BaseModel

from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.messaging.model import Channel, Message
from coachway.messaging.rendering.sender import Letterhead

STALE: Final = timedelta(days=14)
"""After that nobody wants to hear of it: an event published again for another purpose makes no mail."""

Occasion = Callable[[Delivery, Letterhead], Message | None]
M = TypeVar("M", bound=BaseModel)


def parse_event(model: type[M], delivery: Delivery) -> M:
    """What an event says, as far as we read it."""
    # By way of JSON: only there is a number without decimals an amount in units, and not in cents.
    return model.model_validate_json(json.dumps(delivery.data))


def expires_at(delivery: Delivery, expires_at: datetime | None = None) -> datetime:
    """Until when anybody wants to hear of an event, or of what expires with it."""
    stale = ids.created_at_of(delivery.event_id) + STALE
    return min(stale, expires_at) if expires_at else stale


def page(path: str, token: str) -> str:
    """The address of a page that a token opens."""
    return f"{settings.public_url()}/pages/{path}/{token}"


def to_office(template: str, model: type[BaseModel]) -> Occasion:
    """A mail to the organization itself, if it has an address."""

    def occasion(delivery: Delivery, head: Letterhead) -> Message | None:
        if not head.brand.email:
            return None
        values = {"said": parse_event(model, delivery)}
        about, stale = delivery.aggregate_id, expires_at(delivery)
        return Message(template, Channel.EMAIL, head.brand.email, about, stale, head.brand.name, values)

    return occasion
