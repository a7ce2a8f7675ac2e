"""Keeps the figures of drivers from what became of their trips."""

from __future__ import annotations

from coachway.core import consuming
from coachway.dispatch import performance

handler = consuming.entry("dispatch-figures", performance.CONSUMERS)
