"""Announce collections, and start them when their charge is due."""

from datetime import datetime
from typing import Final

from coachway.billing.collections import schedule
from coachway.billing.collections.model import FALLING_DUE, Collection
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.schemas import BaseSchema

_JOB: Final = "collections-due"


class CollectionsStarted(BaseSchema):
    """Counts of one run: collections announced, started, and left for the next run."""

    announced: int = 0
    started: int = 0
    failed: int = 0


def run() -> CollectionsStarted:
    """Announce or start all collections whose time has come. Safe to repeat."""
    return CollectionsStarted(**sweep(_JOB, Collection, FALLING_DUE, _process_indexed))


def _process_indexed(indexed_collection: Collection, now: datetime) -> str:
    caller = Caller.system(_JOB, indexed_collection.org_id)
    return schedule.announce_or_start_if_due(caller, indexed_collection.id, now)
