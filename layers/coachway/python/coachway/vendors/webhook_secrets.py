"""The secrets with which vendors' systems sign their bids (Standard Webhooks).

A secret is derived from a stored nonce and the deployment's root secret, so that it is not stored itself. After a new
secret is created, the previous one stays valid for a day, so that the vendor can switch without losing a request.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import ClassVar, Final

from pydantic import AwareDatetime

from coachway.contracts.vendors import WebhookSecretIssued
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema
from coachway.vendors import service

ROTATION_OVERLAP: Final = timedelta(hours=24)
"""How long the previous secret stays valid."""

WEBHOOK_KEYS = AccessPattern(
    "the nonces of a vendor's webhook secrets; by vendor only, because its requests do not name the organization",
    pk="VENDOR_WEBHOOK#{vendor}",
    sk="KEYS",
)


class WebhookKeys(Record):
    """The nonces of a vendor's current and previous secret."""

    KIND: ClassVar[str] = "vendor_webhook"
    GRANTS_RIGHTS: ClassVar[bool] = True

    org_id: str
    vendor_id: str
    nonce: str
    previous_nonce: str | None = None
    previous_until: AwareDatetime | None = None

    def key(self) -> Key:
        return WEBHOOK_KEYS.key(vendor=self.vendor_id)


class WebhookSecret(BaseSchema):
    """A secret to sign webhooks with, shown once. The previous one is valid until `previous_valid_until`."""

    vendor_id: str
    secret: str
    previous_valid_until: AwareDatetime | None


@retry_on_conflict
def rotate_secret(caller: Caller, vendor_id: str) -> WebhookSecret:
    """Create a new secret for a vendor. Raises NotFound; Conflict if another request creates one."""
    vendor = service.get_vendor(caller, vendor_id)
    before = find_keys(vendor_id)
    now = clock.now()
    after = WebhookKeys(org_id=caller.org_id, vendor_id=vendor_id, nonce=signed_links.new_nonce())
    if before is not None:
        after.previous_nonce, after.previous_until = before.nonce, now + ROTATION_OVERLAP
    conflict = errors.Conflict("Another request created a secret for this vendor. Retry if you need another.")
    event = WebhookSecretIssued(vendor_id=vendor_id)
    save_keys: Op = Create(after, on_exists=conflict) if before is None else Update(before, after, on_stale=conflict)
    response = WebhookSecret(
        vendor_id=vendor_id, secret=_derive_secret(after, after.nonce), previous_valid_until=after.previous_until
    )
    # The vendor does not change; its update adds the event to its history. The keys come first, so that their conflict
    # is reported: a retry would replace the secret that the other request has just returned.
    store.commit(caller, save_keys, Update(vendor, vendor.model_copy(), [event]), response=response)
    return response


def find_keys(vendor_id: str) -> WebhookKeys | None:
    """The nonces of a vendor's secrets, with its organization; None if it has no secret. One read."""
    return store.find(WebhookKeys, WEBHOOK_KEYS.key(vendor=vendor_id))


def list_valid_secrets(keys: WebhookKeys, at: datetime) -> list[str]:
    """The secrets that are valid at a time, the current one first. Each begins with `whsec_`."""
    secrets = [_derive_secret(keys, keys.nonce)]
    if keys.previous_nonce is not None and keys.previous_until is not None and at < keys.previous_until:
        secrets.append(_derive_secret(keys, keys.previous_nonce))
    return secrets


def _derive_secret(keys: WebhookKeys, nonce: str) -> str:
    payload = f"vendor webhook\0{keys.org_id}\0{keys.vendor_id}\0{nonce}".encode()
    digest = hmac.digest(settings.root_secret(), payload, hashlib.sha256)
    return f"whsec_{base64.b64encode(digest).decode()}"
