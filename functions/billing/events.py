"""What billing does when something happened elsewhere."""

from __future__ import annotations

from coachway.billing import consumers
from coachway.core import consuming

handler = consuming.entry("billing", consumers.CONSUMERS)
