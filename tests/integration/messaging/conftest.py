"""Fixtures of the messaging tests."""

from __future__ import annotations

from tests.integration.identity.conftest import _clear_signer_cache
from tests.integration.messaging.message_services import sent_messages

__all__ = ["_clear_signer_cache", "sent_messages"]
