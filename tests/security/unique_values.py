"""Values that no record has yet."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime, timedelta


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def random_letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(count))


def new_phone() -> str:
    return f"+1212{2_000_000 + secrets.randbelow(7_000_000)}"
