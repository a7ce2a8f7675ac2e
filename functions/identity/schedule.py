"""Renews the keys that sign access tokens."""

from __future__ import annotations

from typing import Any

from coachway.core.log import logger
from coachway.identity import keys


def handler(event: dict[str, Any], context: Any) -> None:
    """Runs once a month."""
    kept = keys.renew()
    logger.info("signing keys", published=len(kept.keys), newest=kept.keys[-1].kid)
