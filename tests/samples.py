"""The inputs in `events/samples`. Their dates are computed when a sample is read, so no sample expires.

A sample contains `{now}`, `{now+7d}`, `{now-3h}`, `{today}`, `{today+30d}` and `{last_month}` for a time, a day and a
month, all in UTC, and `{event_id}` for the id of an event that happened now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from coachway.core.types import ids
from tests.template import ROOT

SAMPLES: Final = ROOT / "events/samples"
_PLACEHOLDER: Final = re.compile(r"\{(now|today|last_month)(?:([+-]\d+)([dhm]))?\}")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


def read_sample(name: str, values: Mapping[str, str] | None = None) -> Any:
    """The sample of a function. `values` replace further placeholders, such as `{access_token}`."""
    return json.loads(fill(sample_text(name), datetime.now(UTC), values))


def sample_text(name: str) -> str:
    """A sample as it is stored, with its placeholders."""
    return (SAMPLES / f"{name}.json").read_text()


def fill(text: str, now: datetime, values: Mapping[str, str] | None = None) -> str:
    """The text of a sample, with its placeholders resolved at `now`."""

    def moment(match: re.Match[str]) -> str:
        kind, count, unit = match.groups()
        at = now + timedelta(**{_UNITS[unit]: int(count)}) if count else now
        if kind == "now":
            return at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if kind == "today":
            return f"{at:%Y-%m-%d}"
        return f"{at.replace(day=1) - timedelta(days=1):%Y-%m}"

    # The id of an event contains its time, and messages about old events are not sent.
    for placeholder, value in {"event_id": ids.ulid(), **(values or {})}.items():
        text = text.replace(f"{{{placeholder}}}", value)
    return _PLACEHOLDER.sub(moment, text)
