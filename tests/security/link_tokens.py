"""Tokens of links, derived as the deployment does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from coachway.core.types import ids

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def derive_link_token(seeds: Seeds, purpose: str, subject_id: str, nonce: str) -> str:
    """Derive the token of a link as the deployment does."""
    message = ids.to_bytes(seeds.tenant.org_id) + ids.to_bytes(subject_id) + bytes.fromhex(nonce)
    proof = hmac.digest(seeds.tenant.deployment.root_secret(), purpose.encode() + b"\0" + message, hashlib.sha256)[:20]
    return base64.urlsafe_b64encode(message + proof).decode().rstrip("=")
