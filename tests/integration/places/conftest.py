"""Every test has an empty table."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _table(dynamodb: Any) -> None:
    """An empty table in memory."""
