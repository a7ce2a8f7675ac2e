"""What assignments make of events elsewhere: charters that do not take place, drivers and vehicles that fall out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from coachway.core import clock, store
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.ops import Update
from coachway.core.retrying import after_lost_races
from coachway.dispatch import answering, assignments, diary, ground, telling
from coachway.dispatch.events import AssignmentEndangered
from coachway.dispatch.model import Assignment
from coachway.dispatch.rules import STEPS, AssignmentStatus, weeks

_AHEAD: Final = timedelta(days=365)
"""How far ahead the jobs of who falls out are looked at; one read takes it in."""


def released(caller: Caller, charter_id: str, reason: str) -> None:
    """Take a charter off all who were given it. Whoever is under way is left to the people who see it."""
    for assignment in assignments.of_charter(caller.org_id, charter_id):
        after_lost_races(partial(_release, caller, assignment.id, reason))


def _release(caller: Caller, assignment_id: str, reason: str) -> None:
    before = assignments.get(caller, assignment_id)
    if AssignmentStatus.RELEASED in STEPS[before.status] and before.status is not AssignmentStatus.IN_PROGRESS:
        _, ops = answering.ending(caller, before, AssignmentStatus.RELEASED, reason)
        store.commit(caller, *ops)


def charter_off(caller: Caller, delivery: Delivery) -> None:
    """A charter was cancelled, or its quote came to nothing: its drivers are told."""
    reasons = {
        "charter.cancelled": "The charter was cancelled",
        "charter.deleted": "The charter was deleted",
        "quote.declined": "The client declined the quote",
        "quote.expired": "The quote expired",
    }
    released(caller, delivery.aggregate_id, reasons[delivery.type])


def charter_modified(caller: Caller, delivery: Delivery) -> None:
    """A trip that is another than it was offered is offered anew: times, places or vehicles may not fit any more."""
    if delivery.data.get("revised"):
        released(caller, delivery.aggregate_id, "The trip was changed")


def driver_changed(caller: Caller, delivery: Delivery) -> None:
    """A driver may not be given work any more, or may again."""
    _endanger(caller, str(delivery.data["driver_id"]), "driver", str(delivery.data["new_status"]), "active")


def vehicle_changed(caller: Caller, delivery: Delivery) -> None:
    """The same of a vehicle."""
    _endanger(caller, str(delivery.data["vehicle_id"]), "vehicle", str(delivery.data["new_status"]), "in_service")


def _endanger(caller: Caller, resource: str, what: str, status: str, good: str) -> None:
    """Mark what is ahead of who fell out, so that the board shows it; what is well again is marked no more."""
    said = "in maintenance" if status == "maintenance" else status.replace("_", " ")
    concern = "" if status == good else f"The {what} is {said}"
    for assignment in _ahead(caller.org_id, resource):
        after_lost_races(partial(_mark, caller, assignment.id, what, concern))


def _ahead(org_id: str, resource: str) -> Iterable[Assignment]:
    now = clock.now()
    spans = weeks(now, now + _AHEAD)
    pages = diary.opened(store.gather(diary.keys(org_id, resource, spans)), org_id, resource, spans)
    return ground.known(org_id, (job.assignment_id for job in pages.jobs if job.ends_at > now)).values()


def _mark(caller: Caller, assignment_id: str, what: str, concern: str) -> None:
    before = assignments.get(caller, assignment_id)
    ours = before.concern == "" or before.concern.startswith(f"The {what} is ")
    if not before.status.is_live or not ours or before.concern == concern:
        return
    after = before.model_copy(update={"concern": concern})
    told = [AssignmentEndangered(**telling.of(after), reason=concern)] if concern else []
    store.commit(caller, Update(before, after, told))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.cancelled": charter_off,
    "charter.deleted": charter_off,
    "charter.modified": charter_modified,
    "driver.status_changed": driver_changed,
    "quote.declined": charter_off,
    "quote.expired": charter_off,
    "vehicle.status_changed": vehicle_changed,
}
"""By the event's type; `template.yaml` lets just these reach the queue."""
