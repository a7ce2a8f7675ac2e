"""API keys of programs: their records, and the verification of a key.

A key is valid while its owner is an active user. The owner created the key, or owns the key that created it.
"""

import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.types.text import Text
from coachway.core.user_reference import USERS, UserReference

API_KEYS = AccessPattern("an API key by its id", pk="ORG#{org}#APIKEY#{id}", sk="HEAD")
API_KEYS_LIST = AccessPattern(
    "the API keys of an organization, newest first",
    index="gsi1",
    pk="ORG#{org}#APIKEYS",
    sk="{id}",
)

API_KEY_PREFIX: Final = "cw_"
_CACHE_SECONDS: Final = 30.0


class ApiKey(Entity):
    """An API key of a program. `hint` is its last four characters; the key itself is not stored."""

    KIND: ClassVar[str] = "api_key"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"digest", "owner_id"})
    GRANTS_RIGHTS: ClassVar[bool] = True

    name: Text
    permissions: list[str]
    digest: str
    hint: str
    created_by: str
    owner_id: str = ""
    """The user who owns the key. Empty in keys of an earlier release, which `created_by` owns."""
    expires: datetime | None = Field(default=None)

    def key(self) -> Key:
        return API_KEYS.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": API_KEYS_LIST.key(org=self.org_id, id=self.id)}

    @property
    def user_id(self) -> str:
        """The id of the user who owns the key. Empty if an earlier release created it with another key."""
        return self.owner_id or (self.created_by if self.created_by.startswith("usr_") else "")


@dataclass(frozen=True, slots=True)
class ValidKey:
    """An API key and its owner, as they were read."""

    key: ApiKey
    owner: UserReference | None


def encode_api_key(org_id: str, key_id: str, secret: bytes) -> str:
    """Return the key as its owner sees it, once: the ids of its record and 24 secret bytes."""
    return API_KEY_PREFIX + base64.urlsafe_b64encode(
        ids.to_bytes(org_id) + ids.to_bytes(key_id) + secret
    ).decode().rstrip("=")


_cache: dict[str, tuple[float, ValidKey]] = {}


def verify_api_key(text: str) -> ApiKey:
    """Return the record of a key, at most 30 seconds old. Raises Unauthenticated if the key is not valid."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    cached = _cache.get(digest)
    if cached is None or time.monotonic() - cached[0] > _CACHE_SECONDS:
        try:
            coded = text.removeprefix(API_KEY_PREFIX).encode("ascii")
            raw = base64.b64decode(coded + b"=" * (-len(coded) % 4), altchars=b"-_", validate=True)
            org_id, key_id = ids.from_bytes("org", raw[:16]), ids.from_bytes("key", raw[16:32])
        except (ValueError, binascii.Error):
            raise _invalid_key() from None
        valid = read_valid_key(org_id, key_id)
        if not hmac.compare_digest(valid.key.digest, digest):
            raise _invalid_key()
        cached = (time.monotonic(), valid)
        _cache[digest] = cached
    key = cached[1].key
    _require_unexpired(key)
    return key


def read_valid_key(org_id: str, key_id: str) -> ValidKey:
    """Read a key and its owner.

    Raises Unauthenticated if the key was revoked or has expired, or its owner is not an active user.
    """
    key = store.find(ApiKey, API_KEYS.key(org=org_id, id=key_id))
    if key is None:
        raise _invalid_key()
    _require_unexpired(key)
    if not key.user_id:
        return ValidKey(key, None)
    owner = store.find(UserReference, USERS.key(org=org_id, id=key.user_id))
    if owner is None or owner.status != "active":
        raise _invalid_key()
    return ValidKey(key, owner)


def get_person_id(caller: Caller) -> str:
    """Return the id of the user who acts: the owner of the API key, otherwise the caller. One read for a key."""
    if caller.role != "api_key":
        return caller.user_id
    key = store.find(ApiKey, API_KEYS.key(org=caller.org_id, id=caller.user_id))
    return key.user_id if key is not None and key.user_id else caller.user_id


def _require_unexpired(key: ApiKey) -> None:
    if key.expires is not None and key.expires <= clock.now():
        raise _invalid_key()


def _invalid_key() -> errors.Unauthenticated:
    return errors.Unauthenticated("The API key is not valid.")


def clear_cache() -> None:
    """Clear the cached API keys. For tests."""
    _cache.clear()
