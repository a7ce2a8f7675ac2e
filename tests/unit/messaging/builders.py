"""The sending organization, and deliveries of sample events."""

from __future__ import annotations

from typing import Any

from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.types import ids
from coachway.identity.model.organization import Organization
from coachway.messaging.rendering.sending_organization import SendingOrganization
from tests.unit.messaging.sample_events import SAMPLES

SENDER = SendingOrganization(
    Brand("Harbor Coach", "#0b5fff", email="hello@harbor.example", phone="+12125550100"),
    Formatter("America/New_York", "USD"),
    Organization(
        id="org_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        org_id="org_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        slug="harbor",
        name="Harbor Coach",
        timezone="America/New_York",
        currency="USD",
    ),
)


def build_delivery(event_type: str, *, org_id: str = "", event_id: str = "", **fields: Any) -> Delivery:
    """A delivery of the sample event of a type; `fields` replaces fields."""
    return Delivery(
        event_id=event_id or ids.ulid(),
        type=event_type,
        org_id=org_id or "org_01JQZZZZZZZZZZZZZZZZZZZZZZ",
        aggregate_id="chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        correlation_id="corr-1",
        data={**SAMPLES[event_type], **fields},
    )
