"""Keeps the figures of vendors from what happened to their bids, trips and ratings."""

from __future__ import annotations

from coachway.core import consuming
from coachway.vendors import statistics

handler = consuming.entry("vendors", statistics.CONSUMERS)
