"""The papers of whoever must have some: handed in by staff, approved by a manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from infra.local.demo.scenario import Json
from infra.local.demo.users import Staffing

GOOD_FOR: Final = timedelta(days=400)
_ISSUED: Final = timedelta(days=200)
_SOON: Final = timedelta(days=9)


@dataclass
class Papers:
    """What an organization has on file, and what is added to it."""

    staffing: Staffing
    today: date
    known: dict[tuple[str, str], Json] = field(init=False)

    def __post_init__(self) -> None:
        on_file = self.staffing.desk("staff").everything("/compliance")
        self.known = {(_subject(each), each["document_type"]): each for each in on_file}

    def approved(self, about: Json, kinds: tuple[str, ...], *, expiring: str = "", **more: Json) -> None:
        """Papers that are in order; the one that is `expiring` is so for some days yet."""
        for paper in self.handed_in(about, kinds, expiring=expiring, **more):
            if paper["status"] == "pending":
                judged = {"status": "approved", "review_notes": "Seen"}
                self.staffing.desk("manager").put(f"/compliance/{paper['id']}", judged)

    def handed_in(self, about: Json, kinds: tuple[str, ...], *, expiring: str = "", **more: Json) -> list[Json]:
        """Papers, whether somebody has looked at them or not."""
        return [
            self.known.get((_subject(about), kind)) or self._hand_in(about, kind, expiring == kind, more)
            for kind in kinds
        ]

    def _hand_in(self, about: Json, kind: str, soon: bool, more: Mapping[str, Json]) -> Json:
        body = {
            **about,
            "document_type": kind,
            "document_name": kind.replace("_", " ").capitalize(),
            "issue_date": (self.today - _ISSUED).isoformat(),
            "expiration_date": (self.today + (_SOON if soon else GOOD_FOR)).isoformat(),
            **more.get(kind, {}),
        }
        made: Json = self.staffing.desk("staff").post("/compliance", body, f"{_subject(about)}/{kind}")
        return made


def _subject(about: Json) -> str:
    return str(about.get("driver_id") or about.get("vehicle_id") or about.get("vendor_id") or "organization")
