"""Takes work off drivers and vehicles when the trip, or they, fall out; has trips that need it taken over."""

from __future__ import annotations

from coachway.core import consuming
from coachway.dispatch import charters, erasing, recovery_flow

handler = consuming.entry("dispatch", {**charters.CONSUMERS, **erasing.CONSUMERS, **recovery_flow.CONSUMERS})
