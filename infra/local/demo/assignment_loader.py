"""Gives the trips of a story to drivers and vehicles, and leads those that have left as far as they have come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from infra.local.demo import positions
from infra.local.demo.fleet_scenario import COURSE, Given
from infra.local.demo.scenario import Json, Trip
from infra.local.demo.users import Staffing

_REPORTED: Final = timedelta(minutes=8)
_LONGEST_AGO: Final = timedelta(hours=23)
"""Nobody may report for duty for a time that is longer ago than a day."""
_HOME: Final = timedelta(minutes=5)


@dataclass
class Dispatcher:
    """Whoever gives out an organization's trips. Drivers and vehicles by their names."""

    staffing: Staffing
    driver_ids: Mapping[str, str]
    vehicle_ids: Mapping[str, str]

    def send(self, charter: Json, trip: Trip) -> int:
        """Give it out as the story says, as far as it is not; a trip that is over by now is left as it is."""
        over = datetime.fromisoformat(charter["ends_at"]) <= datetime.now(UTC)
        covers = {cover["vehicle"]: cover["assignment_id"] for cover in charter["vehicles"]}
        made = 0
        for number, given in enumerate(trip.given, 1):
            if over:
                break
            known = covers.get(number)
            if known is None:
                job = self._assigned(charter["id"], number, given)
                made += 1
            else:
                job = self.staffing.desk(given.by).get(f"/dispatch/assignments/{known}")
            self._lead(job, given)
        return made

    def _assigned(self, charter_id: str, number: int, given: Given) -> Json:
        desk, about = self.staffing.desk(given.by), f"{charter_id}/{number}"
        body: Json = {"charter_id": charter_id, "vehicle_number": number}
        if not given.driver:
            chosen: Json = desk.post("/dispatch/assignments/auto", body, about)["assignment"]
            return chosen
        body |= {"driver_id": self.driver_ids[given.driver], "vehicle_id": self.vehicle_ids[given.vehicle]}
        made: Json = desk.post("/dispatch/assignments", body, about)
        return made

    def _lead(self, job: Json, given: Given) -> None:
        """Take it from where it is to where the story has it. One that went another way is left alone."""
        if job["status"] not in COURSE:
            return
        desk, at = self.staffing.desk(given.by), f"/dispatch/assignments/{job['id']}"
        left = COURSE[COURSE.index(job["status"]) + 1 : COURSE.index(given.until) + 1]
        if "checked_in" in left:
            job = desk.post(f"{at}/check-in", {"at": _reported(job).isoformat()}, "check-in")
        elif "accepted" in left:
            desk.post(f"{at}/accept", None, "accept")
        if left and job["checked_in_at"] is not None:
            self._follow(job, is_home=given.until == "completed")
        if "completed" in left:
            desk.post(f"{at}/check-out", {"at": datetime.now(UTC).isoformat()}, "check-out")
        if given.fallen and job["recovery_id"] is None:
            broken = {"assignment_id": job["id"], "reason": "breakdown", "notes": given.fallen}
            desk.post("/dispatch/recoveries", broken, job["id"])

    def _follow(self, job: Json, *, is_home: bool) -> None:
        """Tell where its vehicle was until now."""
        now, since = datetime.now(UTC), datetime.fromisoformat(job["checked_in_at"])
        seen = positions.points(job["stops"], since, now, home_by=now - _HOME if is_home else None)
        told = {"assignment_id": job["id"], "points": seen}
        self.staffing.desk("staff").post("/dispatch/check-ins", told, f"{job['id']}/{now.isoformat()}")


def _reported(job: Json) -> datetime:
    """When its driver reported for duty: as it begins, or a little before now."""
    now = datetime.now(UTC)
    return max(min(datetime.fromisoformat(job["starts_at"]), now - _REPORTED), now - _LONGEST_AGO)
