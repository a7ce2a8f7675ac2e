"""Takes work off drivers and vehicles when the trip, or they, fall out."""

from __future__ import annotations

from coachway.core import consuming
from coachway.dispatch import charters

handler = consuming.entry("dispatch", charters.CONSUMERS)
