"""Sends the mails and text messages that follow from events."""

from __future__ import annotations

from coachway.core import consuming
from coachway.messaging import occasions

handler = consuming.entry("messaging", occasions.CONSUMERS)
