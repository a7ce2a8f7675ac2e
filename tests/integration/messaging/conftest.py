"""Fixtures of the messaging tests."""

from __future__ import annotations

from tests.integration.messaging.message_services import sent_messages

__all__ = ["sent_messages"]
