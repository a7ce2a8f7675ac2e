"""The names of those who made the changes in a history."""

from collections.abc import Sequence
from typing import Final

from coachway.core import store
from coachway.core.auth.api_keys import API_KEYS, ApiKey
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User

_LINK_NAMES: Final = {
    "quote-link": "Client, by the link to the quote",
    "invoice-link": "Client, by the link to the invoice",
    "bid-link": "Vendor, by the link to bid",
}


def add_actor_names(org_id: str, entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries with the names of their actors: users, API keys, links, or CoachWay itself."""
    ids = sorted({entry.actor.user_id for entry in entries})
    names = {id_: "CoachWay" for id_ in ids if id_.startswith("system")} | _LINK_NAMES
    user_keys = [USERS.key(org=org_id, id=id_) for id_ in ids if id_.startswith("usr_")]
    names |= {user.id: f"{user.first_name} {user.last_name}" for user in store.find_many(User, user_keys).values()}
    api_key_keys = [API_KEYS.key(org=org_id, id=id_) for id_ in ids if id_.startswith("key_")]
    names |= {api_key.id: f"API key {api_key.name}" for api_key in store.find_many(ApiKey, api_key_keys).values()}
    return [entry.model_copy(update={"actor_name": names.get(entry.actor.user_id, "")}) for entry in entries]
