"""Trips on the road, on the table in memory: drivers who report for duty and tell where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.runtime import clock
from coachway.dispatch.assignments.model import ASSIGNMENT, Assignment
from coachway.dispatch.tracking.position_encoding import Fix
from tests.entries import load
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tests.integration.dispatch import builders

tracking = load("dispatch", "tracking_api").api
STAFF: Final = "dispatch:read dispatch:write"
EST: Final = timedelta(hours=5)


def found(*, expires: date = date(2029, 1, 1)) -> None:
    """The organization, with its papers."""
    builders.found()
    store.commit(builders.SYSTEM, Create(builders.papers(SubjectType.ORGANIZATION, ORG, expires)))


def at(local: str, day: str = "2027-03-03") -> datetime:
    """A moment by New York's clock in winter: `09:00`."""
    return datetime.fromisoformat(f"{day}T{local}-05:00").astimezone(UTC)


@contextmanager
def the_time_is(local: str | datetime, day: str = "2027-03-03") -> Iterator[None]:
    """The clock stands still."""
    with clock.frozen(at(local, day) if isinstance(local, str) else local):
        yield


def ask(method: str, path: str, body: Any = None, *, by: str = "", rights: str = STAFF, **more: Any) -> Reply:
    """A request to tracking as staff, or as the driver of this id."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    token = token_for(rights, role="staff", **times)
    if by:
        token = token_for(rights, role="driver", party_id=by, user_id=f"usr_{by[4:]}", **times)
    return call(tracking, method, f"/api/v1{path}", body, token=token, **more)


def done(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """A request that must succeed."""
    reply = ask(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def point(fix: Fix) -> dict[str, Any]:
    """A fix as a telephone sends it."""
    return {
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "speed_mph": fix.speed_mph,
        "heading": fix.heading,
        "accuracy_m": fix.accuracy_m,
        "recorded_at": fix.at.isoformat(),
    }


def told(assignment_id: str, fixes: Iterable[Fix], *, by: str = "") -> dict[str, Any]:
    """What becomes of positions, sent when the last of them was recorded."""
    sent = list(fixes)
    body = {"assignment_id": assignment_id, "points": [point(fix) for fix in sent]}
    with clock.frozen(clock.now() if clock._frozen else max(fix.at for fix in sent)):
        return done("POST", "/dispatch/check-ins", body, by=by)


def driven(assignment_id: str, fixes: list[Fix], *, by: str = "", together: int = 6) -> None:
    """Send a whole track, a minute at a time."""
    for first in range(0, len(fixes), together):
        told(assignment_id, fixes[first : first + together], by=by)


def assignment(assignment_id: str) -> Assignment:
    return store.get(Assignment, ASSIGNMENT.key(org=ORG, id=assignment_id))


def events(assignment_id: str) -> list[str]:
    """What happened to an assignment, oldest first."""
    return [each.type for each in store.history(ASSIGNMENT.key(org=ORG, id=assignment_id))]


def on_duty(run: str = "", *, name: str = "Rosa Delgado", coach: str = "Coach 12", **trip: Any) -> tuple[str, str, str]:
    """A trip whose driver has checked in at 08:00: charter, assignment and driver."""
    run = run or builders.trip(**trip)
    rosa = builders.driver(name)
    made = builders.assigned(run, rosa, builders.vehicle(coach))
    with the_time_is("08:00", trip.get("day", "2027-03-03")):
        done("POST", f"/dispatch/assignments/{made['id']}/check-in", {}, by=rosa)
    return run, str(made["id"]), rosa
