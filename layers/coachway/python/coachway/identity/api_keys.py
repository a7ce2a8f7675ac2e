"""Keys of machine clients: shown once, kept as digests, scoped by permission."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.credentials import API_KEYS, API_KEYS_LIST, ApiKey, api_key_text
from coachway.core.listing import page
from coachway.core.ops import Create, Update
from coachway.core.schemas import Input, Page, PageQuery, Shape, Text
from coachway.core.times import Moment
from coachway.identity import hashing, roles, rules
from coachway.identity.accounts import still
from coachway.identity.events import ApiKeyCreated, ApiKeyDeleted
from coachway.identity.rules import Permission

_SECRET_BYTES = 24


class NewApiKey(Input):
    """A key to be made, for something that has a name."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "website", "permissions": ["clients:read", "clients:write"]}]}
    )

    name: Text
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=len(rules.PERMISSIONS))]
    expires: Moment | None = None


class ShownApiKey(Shape):
    """A new key. `key` is never shown again."""

    id: str
    name: str
    permissions: list[str]
    key: str
    hint: str
    expires: datetime | None
    created_at: AwareDatetime


def listed(caller: Caller, query: PageQuery) -> Page[ApiKey]:
    """The organization's keys, newest first, without what opens anything."""
    return page(ApiKey, API_KEYS_LIST, [API_KEYS_LIST.partition(org=caller.org_id)], query, descending=True)


def created(caller: Caller, body: NewApiKey) -> ShownApiKey:
    """Make a key. Raises Forbidden for permissions that the caller lacks."""
    still(caller)
    roles.held(caller, frozenset(body.permissions))
    if body.expires is not None and body.expires <= clock.now():
        raise errors.Invalid.field("expires", "must lie in the future")
    key_id = ids.new("key")
    text = api_key_text(caller.org_id, key_id, secrets.token_bytes(_SECRET_BYTES))
    key = ApiKey(
        id=key_id,
        org_id=caller.org_id,
        name=body.name,
        permissions=sorted(set(body.permissions)),
        digest=hashing.digest(text),
        hint=text[-4:],
        created_by=caller.user_id,
        expires=body.expires,
    )
    answer = ShownApiKey(key=text, **key.model_dump(include=ShownApiKey.model_fields.keys() - {"key"}))
    made = ApiKeyCreated(name=key.name, permissions=key.permissions)
    store.commit(caller, Create(key, [made]), answer=answer)
    return answer


def deleted(caller: Caller, key_id: str, expected: int | None) -> None:
    """Revoke a key. A function that has just seen it may take it for half a minute more. Raises Missing."""
    still(caller)
    before = store.get(ApiKey, API_KEYS.key(org=caller.org_id, id=key_id), expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [ApiKeyDeleted(name=before.name)]))
