"""API keys of machine clients. A key is shown once and stored as a digest. See `core.auth.api_keys`."""

import secrets
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.contracts.identity import ApiKeyCreated, ApiKeyDeleted
from coachway.core import errors, store
from coachway.core.auth.api_keys import API_KEYS, API_KEYS_LIST, ApiKey, encode_api_key
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp
from coachway.core.types.text import Text
from coachway.identity import roles
from coachway.identity.model.permissions import PERMISSIONS, Permission
from coachway.identity.secrets import hashing

_SECRET_BYTES = 24


class NewApiKey(RequestSchema):
    """An API key to create."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "website", "permissions": ["clients:read", "clients:write"]}]}
    )

    name: Text
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=len(PERMISSIONS))]
    expires: Timestamp | None = None


class CreatedApiKey(BaseSchema):
    """A new API key. `key` is shown only in this response; `hint` is its last four characters."""

    id: str
    name: str
    permissions: list[str]
    key: str
    hint: str
    expires: datetime | None
    created_at: AwareDatetime


def list_api_keys(caller: Caller, query: PageQuery) -> Page[ApiKey]:
    """List the organization's API keys, newest first, without the keys themselves."""
    return query_page(ApiKey, API_KEYS_LIST, [API_KEYS_LIST.partition(org=caller.org_id)], query, descending=True)


def create_api_key(caller: Caller, body: NewApiKey) -> CreatedApiKey:
    """Create an API key. Raises PermissionsExceeded for permissions that the caller does not have."""
    roles.require_permissions_held(caller, frozenset(body.permissions))
    if body.expires is not None and body.expires <= clock.now():
        raise errors.Invalid.field("expires", "must be in the future")
    key_id = ids.new("key")
    text = encode_api_key(caller.org_id, key_id, secrets.token_bytes(_SECRET_BYTES))
    key = ApiKey(
        id=key_id,
        org_id=caller.org_id,
        name=body.name,
        permissions=sorted(set(body.permissions)),
        digest=hashing.digest_bytes(text),
        hint=text[-4:],
        created_by=caller.user_id,
        owner_id=_get_owner_id(caller),
        expires=body.expires,
    )
    response = CreatedApiKey(key=text, **key.model_dump(include=CreatedApiKey.model_fields.keys() - {"key"}))
    event = ApiKeyCreated(name=key.name, permissions=key.permissions)
    store.commit(caller, Create(key, [event]), response=response)
    return response


def _get_owner_id(caller: Caller) -> str:
    """Return the user with whom a new key ends. A key that a key creates has the same owner."""
    if caller.role != "api_key":
        return caller.user_id
    return store.get(ApiKey, API_KEYS.key(org=caller.org_id, id=caller.user_id)).user_id


def delete_api_key(caller: Caller, key_id: str, expected: int | None) -> None:
    """Revoke an API key. Functions that cached it accept it for up to 30 seconds more, but not to grant rights.

    Raises NotFound.
    """
    before = store.get(ApiKey, API_KEYS.key(org=caller.org_id, id=key_id), expected=expected)
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [ApiKeyDeleted(name=before.name)]))
