"""Start collections on their due date."""

from datetime import datetime
from typing import Final

from coachway.billing.collections import schedule
from coachway.billing.collections.model import FALLING_DUE, Collection
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.schemas import BaseSchema

_JOB: Final = "collections-due"


class CollectionsStarted(BaseSchema):
    """Counts of one run: collections started, and collections left for the next run."""

    started: int = 0
    failed: int = 0


def run() -> CollectionsStarted:
    """Start all collections that have become due. Safe to repeat."""
    return CollectionsStarted(**sweep(_JOB, Collection, FALLING_DUE, _start_indexed))


def _start_indexed(indexed_collection: Collection, now: datetime) -> str:
    caller = Caller.system(_JOB, indexed_collection.org_id)
    return "started" if schedule.start_if_due(caller, indexed_collection.id, now) else ""
