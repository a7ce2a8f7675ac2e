"""Email preferences of clients."""

from coachway.clients import service
from coachway.clients.model import PREFERENCES, EmailPreferences, EmailPreferencesInput
from coachway.contracts.clients import EmailPreferencesSet
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.schemas import PartialUpdate, apply_changes


def get_preferences(caller: Caller, client_id: str) -> EmailPreferences:
    """Get a client's email preferences, or the defaults (version 0) if they were never set."""
    client = service.get_client(caller, client_id)
    stored = store.find(EmailPreferences, PREFERENCES.key(org=caller.org_id, client=client_id))
    return stored or EmailPreferences(
        id=client_id, org_id=caller.org_id, created_at=client.created_at, updated_at=client.created_at
    )


def update_preferences(
    caller: Caller, client_id: str, changes: PartialUpdate[EmailPreferencesInput], expected: int | None
) -> EmailPreferences:
    """Update a client's email preferences. Raises PreconditionFailed or ConcurrentUpdate."""
    before = get_preferences(caller, client_id)
    if expected is not None and expected != before.version:
        raise errors.PreconditionFailed(
            f"The current version is {before.version}, not {expected}. Read the preferences again."
        )
    after = apply_changes(before, changes)
    event = EmailPreferencesSet(
        client_id=client_id, **after.model_dump(include=set(EmailPreferencesInput.model_fields))
    )
    if before.version:
        store.commit(caller, Update(before, after, [event]))
    else:
        conflict = errors.ConcurrentUpdate(
            "The preferences were changed by another request. Read them again, then retry."
        )
        store.commit(caller, Create(after, [event], on_exists=conflict))
    return after
