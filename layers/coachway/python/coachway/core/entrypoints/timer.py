"""Lambda handlers for scheduled jobs."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger

Job = Callable[[], BaseModel | int]
"""Runs the due work and returns the results: counts by name, or one count."""


def timer_handler(
    jobs: Mapping[str, Job], on_request: Mapping[str, Job] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return a Lambda handler that runs `jobs`; it returns and logs their results by name.

    A job that fails does not keep the others from running; its error is raised afterwards. A job in `on_request` runs
    alone, when the event has its name as a key: a schedule of its own sends `{"archive": true}`.
    """
    cold_start.warm_up()

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        requested = {name: job for name, job in (on_request or {}).items() if event.get(name)}
        results: dict[str, Any] = {}
        failures: list[Exception] = []
        for name, job in (requested or jobs).items():
            try:
                result = job()
            except Exception as failure:
                logger.exception("job failed", job=name)
                failures.append(failure)
            else:
                results[name] = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
        logger.info("jobs finished", **results)
        if failures:
            raise failures[0]
        return results

    return handler
