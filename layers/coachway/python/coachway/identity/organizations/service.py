"""What an organization changes about itself."""

from __future__ import annotations

from typing import Any, Final

from coachway.contracts.identity import OrganizationUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import COUNTER, CheckAbsent, Op, Update
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, RequestSchema, apply_changes
from coachway.core.types import ids
from coachway.identity.account_lookup import require_active_session
from coachway.identity.errors import CurrencyFixed
from coachway.identity.model.organization import ORGANIZATIONS, Organization, OrganizationSettings, charter_sequence

_YEARS_AHEAD: Final = 10
"""Within which trips are quoted."""


def update_organization(
    caller: Caller, changes: PartialUpdate[OrganizationSettings], expected: int | None
) -> Organization:
    """Change what an organization says of itself; what is left out, inside groups too, stays as it is.

    Raises Conflict for another currency once trips have prices in the one of before: books are kept in one.
    """
    require_active_session(caller)
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id), expected=expected)
    merged = {name: _merge_settings(getattr(before, name), value) for name, value in changes.fields.items()}
    after = apply_changes(before, PartialUpdate(merged))
    conditions = _require_no_trips(caller.org_id) if after.currency != before.currency else []
    store.commit(caller, Update(before, after, [OrganizationUpdated()]), *conditions)
    return after


def _require_no_trips(org_id: str) -> list[Op]:
    stored = CurrencyFixed("Trips have prices in this currency.")
    years = range(ids.created_at_of(org_id).year - 1, clock.now().year + _YEARS_AHEAD)
    return [CheckAbsent(COUNTER.key(org=org_id, name=charter_sequence(year)), stored) for year in years]


def _merge_settings(old: Any, new: Any) -> Any:
    if not isinstance(new, RequestSchema):
        return new
    return {**old.model_dump(), **{name: getattr(new, name) for name in new.model_fields_set}}
