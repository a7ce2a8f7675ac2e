"""Tells the flow of bidding what happened, and bidding what happened to charters."""

from __future__ import annotations

from coachway.bids import erasing, signals
from coachway.core import consuming

handler = consuming.entry("bids", {**signals.CONSUMERS, **erasing.CONSUMERS})
