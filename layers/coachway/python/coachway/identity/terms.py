"""What an organization changes about itself."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.model import Changes, Input, changed
from coachway.core.ops import Update
from coachway.identity.accounts import still
from coachway.identity.events import OrganizationUpdated
from coachway.identity.organization import ORGANIZATIONS, Organization, OrganizationSettings


def updated(caller: Caller, changes: Changes[OrganizationSettings], expected: int | None) -> Organization:
    """Change what an organization says of itself; what is left out, inside groups too, stays as it is."""
    still(caller)
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id), expected=expected)
    merged = {name: _merged(getattr(before, name), value) for name, value in changes.fields.items()}
    after = changed(before, Changes(merged))
    store.commit(caller, Update(before, after, [OrganizationUpdated()]))
    return after


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, Input):
        return new
    return {**old.model_dump(), **{name: getattr(new, name) for name in new.model_fields_set}}
