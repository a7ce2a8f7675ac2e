"""What assignments make of drivers and vehicles that fall out: what cannot go ahead as things stand is marked.

A concern is made anew from what is there, whatever happened and in whatever order it is heard of; it goes away with its
reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance import standings
from coachway.compliance.model import Subject
from coachway.core import clock, store
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.ops import Update
from coachway.core.retrying import after_lost_races
from coachway.dispatch import assignments, diary, ground, judging, telling
from coachway.dispatch.events import AssignmentEndangered
from coachway.dispatch.model import Assignment
from coachway.dispatch.reasons import Reason
from coachway.dispatch.rules import weeks
from coachway.fleet.model import Driver, Vehicle

_AHEAD: Final = timedelta(days=365)
"""How far ahead the jobs of who falls out are looked at; one read takes it in."""


def driver_changed(caller: Caller, delivery: Delivery) -> None:
    """A driver may not be given work any more, may again, has another license, or may be had at other times."""
    look(caller, str(delivery.data["driver_id"]))


def vehicle_changed(caller: Caller, delivery: Delivery) -> None:
    """A vehicle may not be given work any more, may again, or has other seats."""
    look(caller, str(delivery.data["vehicle_id"]))


def papers_changed(caller: Caller, delivery: Delivery) -> None:
    """A paper of a driver or vehicle ran out, or was judged."""
    if delivery.data["subject_type"] in {"driver", "vehicle"}:
        look(caller, str(delivery.data["subject_id"]))


def look(caller: Caller, resource: str) -> None:
    """Say of every job that a driver or vehicle has ahead whether it can go ahead."""
    for assignment in _ahead(caller.org_id, resource):
        after_lost_races(partial(_mark, caller, assignment.id))


def _ahead(org_id: str, resource: str) -> Iterable[Assignment]:
    now = clock.now()
    spans = weeks(now, now + _AHEAD)
    pages = diary.opened(store.gather(diary.keys(org_id, resource, spans)), org_id, resource, spans)
    return assignments.known(org_id, (job.assignment_id for job in pages.jobs if job.ends_at > now)).values()


def _mark(caller: Caller, assignment_id: str) -> None:
    before = assignments.get(caller, assignment_id)
    concern = _concern(before)
    if not before.status.is_live or before.concern == concern:
        return
    after = before.model_copy(update={"concern": concern})
    told = [AssignmentEndangered(**telling.of(after), reason=concern)] if concern else []
    store.commit(caller, Update(before, after, told))


def _concern(assignment: Assignment) -> str:
    """What is in the way of its drivers and its vehicle; empty if nothing is. Hours and clashes were its condition."""
    last_day = assignment.dropoff_at.astimezone(ZoneInfo(assignment.timezone)).date()
    people = [ground.driver_keys(assignment.org_id, each) for each in assignment.crew]
    car = ground.vehicle_keys(assignment.org_id, assignment.vehicle_id)
    found = store.gather([key for keys in (*people, car) for key in keys])
    vehicle, reasons = found.find(Vehicle, car[0]), list[Reason]()
    for head, papers in people:
        driver, subject = found.find(Driver, head), found.find(Subject, papers)
        if driver is None:
            return "The driver was removed"
        reasons += judging.absence(driver, assignment.starts_at, assignment.ends_at)
        reasons += judging.license_for(driver, vehicle, last_day) if vehicle is not None else []
        standing = standings.of_subject(subject, last_day) if subject is not None else None
        reasons += judging.papers(driver.name, standing)
    if vehicle is None:
        return "The vehicle was removed"
    subject = found.find(Subject, car[1])
    reasons += judging.standstill(vehicle)
    reasons += judging.seats(vehicle, assignment.passengers)
    reasons += judging.papers(vehicle.name, standings.of_subject(subject, last_day) if subject is not None else None)
    return "; ".join(each.message for each in reasons)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "compliance.reviewed": papers_changed,
    "document.expired": papers_changed,
    "driver.availability_changed": driver_changed,
    "driver.updated": driver_changed,
    "vehicle.updated": vehicle_changed,
}
