"""Who may do what, and when an account is locked. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

Permission = Literal[
    "api-keys:write",
    "audit:read",
    "bids:award",
    "bids:read",
    "bids:write",
    "billing:read",
    "billing:write",
    "changes:approve",
    "changes:read",
    "changes:write",
    "charters:cancel",
    "charters:override",
    "charters:read",
    "charters:write",
    "clients:read",
    "clients:write",
    "compliance:read",
    "compliance:submit",
    "compliance:write",
    "dispatch:read",
    "dispatch:write",
    "fleet:read",
    "fleet:write",
    "notifications:read",
    "notifications:write",
    "organization:read",
    "organization:write",
    "payments:write",
    "portal:use",
    "pricing:read",
    "pricing:write",
    "ratings:read",
    "ratings:write",
    "refunds:approve",
    "refunds:write",
    "reports:read",
    "roles:write",
    "support:read",
    "support:write",
    "users:read",
    "users:write",
    "vendors:read",
    "vendors:write",
]
PERMISSIONS: Final[frozenset[str]] = frozenset(get_args(Permission))

# Run the organization itself: its people, their rights, its machines, its settings.
_ADMINISTRATION: Final = frozenset({"api-keys:write", "organization:write", "roles:write", "users:write"})
_OVERSIGHT: Final = frozenset(
    {
        "audit:read",
        "bids:award",
        "billing:write",
        "changes:approve",
        "charters:override",
        "compliance:write",
        "pricing:write",
        "refunds:approve",
        "users:read",
    }
)
_READING: Final = frozenset(each for each in PERMISSIONS if each.endswith(":read")) - _OVERSIGHT

BUILT_IN: Final[Mapping[str, frozenset[str]]] = {
    "platform": PERMISSIONS,
    "admin": PERMISSIONS,
    "manager": PERMISSIONS - _ADMINISTRATION,
    "staff": PERMISSIONS - _ADMINISTRATION - _OVERSIGHT,
    "viewer": _READING,
    "client": frozenset({"billing:read", "charters:cancel", "payments:write", "portal:use"}),
    "vendor": frozenset(
        {
            "bids:read",
            "bids:write",
            "billing:read",
            "compliance:read",
            "compliance:submit",
            "dispatch:read",
            "dispatch:write",
            "portal:use",
            "ratings:read",
            "ratings:write",
            "vendors:read",
        }
    ),
    "driver": frozenset(
        {
            "compliance:read",
            "compliance:submit",
            "dispatch:read",
            "dispatch:write",
            "fleet:read",
            "fleet:write",
            "portal:use",
        }
    ),
}
"""What each role may do. `platform` runs the deployment; no organization can give it."""
ABOUT: Final[Mapping[str, str]] = {
    "platform": "Runs the deployment.",
    "admin": "Everything in the organization.",
    "manager": "Everything but people, roles, API keys and the organization itself.",
    "staff": "The daily work: clients, charters, dispatch, support.",
    "viewer": "Reads only.",
    "client": "A customer, who sees what is theirs.",
    "vendor": "A carrier that bids, and sees what is theirs.",
    "driver": "Drives, and sees what is theirs.",
}
RESERVED: Final = frozenset(BUILT_IN) | {"anonymous", "api_key", "system"}
"""Names that no organization can give to a role of its own."""
PARTY_PREFIX: Final[Mapping[str, str]] = {"client": "cli", "vendor": "ven", "driver": "drv"}
"""What the outside roles act for."""

MOST_SESSIONS: Final = 5
MOST_ROLES: Final = 50
MOST_OTP_TRIES: Final = 5
RECOVERY_CODES: Final = 10

ACCESS_LIFE: Final = timedelta(minutes=15)
REFRESH_LIFE: Final = timedelta(days=30)
MFA_LIFE: Final = timedelta(minutes=5)
OTP_LIFE: Final = timedelta(minutes=10)
RESET_LIFE: Final = timedelta(hours=1)
INVITATION_LIFE: Final = timedelta(days=7)
RECENT: Final = timedelta(minutes=15)
"""How long after a log-in its session may do what needs a fresh one."""

WRONG_TRIES: Final = 10
LOCKED_FOR: Final = timedelta(minutes=15)
REMEMBERED_FOR: Final = timedelta(hours=24)
"""Wrong tries count together until one is right, or none came for so long."""


def missing_permissions(owned: Iterable[str], granted: Iterable[str]) -> list[str]:
    """The permissions among `granted` that somebody who holds `held` cannot give: those they lack. Sorted."""
    return sorted(set(granted) - set(owned))


def tries_after(tries: int, last: datetime | None, locked_until: datetime | None, at: datetime) -> int:
    """How many tries stand against an account once another one is made: a lock that is over, or a day, forgets them."""
    over = locked_until is not None and locked_until <= at
    long_ago = last is not None and last + REMEMBERED_FOR <= at
    return 1 if over or long_ago else tries + 1


def locks(tries: int) -> bool:
    """Whether the try of this number, unless it is right, is the one that locks the account."""
    return tries >= WRONG_TRIES
