"""Update of an organization's settings."""

from typing import Any, Final

from coachway.contracts.identity import OrganizationUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.data_version import CURRENT_DATA_VERSION
from coachway.core.persistence.operations import COUNTER, CheckAbsent, Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate, RequestSchema, apply_changes
from coachway.core.types import ids
from coachway.identity.errors import CurrencyFixed
from coachway.identity.model.cancellation_policy import TermsVersion, terms_digest
from coachway.identity.model.organization import ORGANIZATIONS, Organization, OrganizationSettings, charter_sequence

_MAX_YEARS_AHEAD: Final = 10
"""Years from now in which trips can be quoted."""


def update_organization(
    caller: Caller, changes: PartialUpdate[OrganizationSettings], expected: int | None
) -> Organization:
    """Update the settings of an organization. Omitted fields keep their values, also those inside groups.

    Raises CurrencyFixed if the currency changes after trips have prices, because the books have one currency.
    """
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id), expected=expected)
    merged = {name: _merge_settings(getattr(before, name), value) for name, value in changes.fields.items()}
    after = apply_changes(before, PartialUpdate(merged))
    checks = _no_trips_ops(caller.org_id) if after.currency != before.currency else []
    store.commit(caller, Update(before, after, [OrganizationUpdated()]), *checks, *_terms_ops(before, after))
    return after


def _terms_ops(before: Organization, after: Organization) -> list[Op]:
    """Return the operation that keeps a new text of the terms for the quotes that are sent with it."""
    if after.terms == before.terms or not after.terms:
        return []
    version = TermsVersion(org_id=after.org_id, digest=terms_digest(after.terms), text=after.terms)
    if store.find(TermsVersion, version.key()) is not None:
        return []
    return [Create(version, on_exists=errors.ConcurrentUpdate("Another request sets the same terms. Retry."))]


@retry_on_conflict
def mark_data_current(org_id: str) -> None:
    """Record that all items of an organization were written again in the form of this release."""
    before = store.get(Organization, ORGANIZATIONS.key(org=org_id))
    after = before.model_copy(update={"data_version": int(CURRENT_DATA_VERSION)})
    store.commit(Caller.system("rebuild", org_id), Update(before, after))


def _no_trips_ops(org_id: str) -> list[Op]:
    """Return operations that fail with CurrencyFixed if the organization has numbered a trip in any year."""
    has_trips = CurrencyFixed("Trips have prices in this currency.")
    years = range(ids.get_created_at(org_id).year - 1, clock.now().year + _MAX_YEARS_AHEAD)
    return [CheckAbsent(COUNTER.key(org=org_id, name=charter_sequence(year)), has_trips) for year in years]


def _merge_settings(old: Any, new: Any) -> Any:
    """Return the new value of a setting; of a group, only the fields that were sent change."""
    if not isinstance(new, RequestSchema):
        return new
    return {**old.model_dump(), **{name: getattr(new, name) for name in new.model_fields_set}}
