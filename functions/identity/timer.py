"""Renews the keys that sign access tokens."""

from __future__ import annotations

from typing import Any

from coachway.core.runtime.logging import logger
from coachway.identity.secrets import signing_keys


def handler(event: dict[str, Any], context: Any) -> None:
    """Runs once a month."""
    kept = signing_keys.renew()
    logger.info("signing keys", published=len(kept.keys), newest=kept.keys[-1].kid)
