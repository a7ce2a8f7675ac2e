"""Every five minutes: trips that do not start, or are late. Every week: old trails go to the archive."""

from __future__ import annotations

from typing import Any

from coachway.core import starting
from coachway.core.log import logger
from coachway.dispatch import archive, watching

starting.connect()


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of a timer: the weekly one says `{"archive": true}`."""
    done = (archive.run() if event.get("archive") else watching.run()).model_dump()
    logger.info("timer", **done)
    return done
