"""Which mails a client wants."""

from __future__ import annotations

from coachway.clients import service
from coachway.clients.model import PREFERENCES, EmailPreferences, EmailPreferencesInput
from coachway.contracts.clients import EmailPreferencesSet
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.schemas import PartialUpdate, apply_changes


def get_preferences(caller: Caller, client_id: str) -> EmailPreferences:
    """What the client said, or what goes for a client that said nothing (version 0)."""
    client = service.get(caller, client_id)
    said = store.find(EmailPreferences, PREFERENCES.key(org=caller.org_id, client=client_id))
    return said or EmailPreferences(
        id=client_id, org_id=caller.org_id, created_at=client.created_at, updated_at=client.created_at
    )


def update_preferences(
    caller: Caller, client_id: str, changes: PartialUpdate[EmailPreferencesInput], expected: int | None
) -> EmailPreferences:
    """Note what the client said."""
    before = get_preferences(caller, client_id)
    if expected is not None and expected != before.version:
        raise errors.PreconditionFailed(f"the current version is {before.version}, not {expected}: read it again")
    after = apply_changes(before, changes)
    told = EmailPreferencesSet(client_id=client_id, **after.model_dump(include=set(EmailPreferencesInput.model_fields)))
    if before.version:
        store.commit(caller, Update(before, after, [told]))
    else:
        lost = errors.ConcurrentUpdate("these preferences were changed by somebody else: read them again")
        store.commit(caller, Create(after, [told], taken=lost))
    return after
