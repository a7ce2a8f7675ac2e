"""What an organization changes about itself."""

from __future__ import annotations

from typing import Any, Final

from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.ops import COUNTER, Absent, Op, Update
from coachway.core.schemas import Changes, Input, changed
from coachway.identity.accounts import still
from coachway.identity.events import OrganizationUpdated
from coachway.identity.organization import ORGANIZATIONS, Organization, OrganizationSettings, charter_sequence

_YEARS_AHEAD: Final = 10
"""Within which trips are quoted."""


def updated(caller: Caller, changes: Changes[OrganizationSettings], expected: int | None) -> Organization:
    """Change what an organization says of itself; what is left out, inside groups too, stays as it is.

    Raises Conflict for another currency once trips have prices in the one of before: books are kept in one.
    """
    still(caller)
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id), expected=expected)
    merged = {name: _merged(getattr(before, name), value) for name, value in changes.fields.items()}
    after = changed(before, Changes(merged))
    conditions = _no_trips_yet(caller.org_id) if after.currency != before.currency else []
    store.commit(caller, Update(before, after, [OrganizationUpdated()]), *conditions)
    return after


def _no_trips_yet(org_id: str) -> list[Op]:
    kept = errors.Conflict("trips have prices in it already", title="the currency cannot be changed any more")
    years = range(ids.made_at(org_id).year - 1, clock.now().year + _YEARS_AHEAD)
    return [Absent(COUNTER.key(org=org_id, name=charter_sequence(year)), kept) for year in years]


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, Input):
        return new
    return {**old.model_dump(), **{name: getattr(new, name) for name in new.model_fields_set}}
