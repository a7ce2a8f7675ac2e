"""Every five minutes: trips that do not start, or are late. Every week: old trails go to the archive."""

from __future__ import annotations

from typing import Any

from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger
from coachway.dispatch.tracking import archive_job, monitor_job

cold_start.warm_up()


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """One run of a timer: the weekly one says `{"archive": true}`."""
    done = (archive_job.run() if event.get("archive") else monitor_job.run()).model_dump()
    logger.info("timer", **done)
    return done
