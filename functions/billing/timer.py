"""Every five minutes: what falls due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.invoices import overdue_job
from coachway.billing.invoicing_runs import schedule as invoicing_run_schedule
from coachway.billing.payables import due_job
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger

cold_start.warm_up()

TIMERS: Final[Mapping[str, Callable[[], BaseModel]]] = {
    "collections": collection_schedule.run,
    "payables": due_job.run,
    "invoices": overdue_job.run,
    "invoicing": invoicing_run_schedule.run,
}
"""By what they look after; one that fails does not keep the others from their work."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One run of each timer."""
    done: dict[str, Any] = {}
    failures: list[Exception] = []
    for name, run in TIMERS.items():
        try:
            done[name] = run().model_dump()
        except Exception as failure:
            logger.exception("a timer failed", timer=name)
            failures.append(failure)
    logger.info("timer", **done)
    if failures:
        raise failures[0]
    return done
