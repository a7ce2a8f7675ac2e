"""Every five minutes: what falls due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from coachway.billing import collecting, falling_due, invoicing_due, overdue
from coachway.core import starting
from coachway.core.log import logger

starting.connect()

TIMERS: Final[Mapping[str, Callable[[], BaseModel]]] = {
    "collections": collecting.run,
    "payables": falling_due.run,
    "invoices": overdue.run,
    "invoicing": invoicing_due.run,
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
