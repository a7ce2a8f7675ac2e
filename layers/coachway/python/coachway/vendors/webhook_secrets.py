"""The secrets that vendors' systems sign with (Standard Webhooks), which are kept nowhere.

A secret is made from a nonce under the deployment's root secret; the table keeps the nonce. A new one leaves the one
before it good for a day, so that a vendor can change over without losing a call.
"""

from __future__ import annotations

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
from coachway.core.runtime import clock, settings
from coachway.core.schemas import BaseSchema
from coachway.vendors import service

OVERLAP: Final = timedelta(hours=24)
"""How long the secret before the current one is good."""

KEYS = AccessPattern(
    "what a vendor's webhook secrets are made from: its calls say which vendor, and not which organization",
    pk="VENDOR_WEBHOOK#{vendor}",
    sk="KEYS",
)


class WebhookKeys(Record):
    """The nonces of a vendor's current secret and the one before it."""

    KIND: ClassVar[str] = "vendor_webhook"

    org_id: str
    vendor_id: str
    nonce: str
    previous_nonce: str | None = None
    previous_until: AwareDatetime | None = None

    def key(self) -> Key:
        return KEYS.key(vendor=self.vendor_id)


class WebhookSecret(BaseSchema):
    """A secret to sign webhooks with, shown once. Until `previous_valid_until` the one before it is good too."""

    vendor_id: str
    secret: str
    previous_valid_until: AwareDatetime | None


def rotate(caller: Caller, vendor_id: str) -> WebhookSecret:
    """Give a vendor a new secret. Raises NotFound."""
    vendor = service.get(caller, vendor_id)
    before = keys_of(vendor_id)
    now = clock.now()
    after = WebhookKeys(org_id=caller.org_id, vendor_id=vendor_id, nonce=signed_links.new_nonce())
    if before is not None:
        after.previous_nonce, after.previous_until = before.nonce, now + OVERLAP
    at_once = errors.ConcurrentUpdate("somebody else is making a secret for this vendor: look before making another")
    event = WebhookSecretIssued(vendor_id=vendor_id)
    placed: Op = Create(after, on_exists=at_once) if before is None else Update(before, after, on_stale=at_once)
    answer = WebhookSecret(
        vendor_id=vendor_id, secret=_secret(after, after.nonce), previous_valid_until=after.previous_until
    )
    # The event hangs on the vendor, whose history it belongs to.
    store.commit(caller, Update(vendor, vendor.model_copy(), [event]), placed, answer=answer)
    return answer


def keys_of(vendor_id: str) -> WebhookKeys | None:
    """What a vendor's secrets are made from, and whose vendor it is; None if it has no secret. One read."""
    return store.find(WebhookKeys, KEYS.key(vendor=vendor_id))


def list_secrets(keys: WebhookKeys, at: datetime) -> list[str]:
    """The secrets that are good at a moment, the current one first: `whsec_…`."""
    good = [_secret(keys, keys.nonce)]
    if keys.previous_nonce is not None and keys.previous_until is not None and at < keys.previous_until:
        good.append(_secret(keys, keys.previous_nonce))
    return good


def _secret(keys: WebhookKeys, nonce: str) -> str:
    payload = f"vendor webhook\0{keys.org_id}\0{keys.vendor_id}\0{nonce}".encode()
    created = hmac.digest(settings.root_secret(), payload, hashlib.sha256)
    return f"whsec_{base64.b64encode(created).decode()}"
