"""Permissions and built-in roles."""

from collections.abc import Iterable, Mapping
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
    "places:read",
    "portal:use",
    "pricing:override",
    "pricing:read",
    "pricing:write",
    "ratings:read",
    "ratings:write",
    "refunds:approve",
    "refunds:write",
    "reports:read",
    "roles:write",
    "sales:assign",
    "sales:read",
    "sales:write",
    "search:read",
    "support:read",
    "support:write",
    "users:read",
    "users:write",
    "vendors:read",
    "vendors:write",
]
PERMISSIONS: Final[frozenset[str]] = frozenset(get_args(Permission))

_ADMINISTRATION: Final = frozenset({"api-keys:write", "organization:write", "roles:write", "users:write"})
_OVERSIGHT: Final = frozenset(
    {
        "audit:read",
        "bids:award",
        "billing:write",
        "changes:approve",
        "charters:override",
        "compliance:write",
        "pricing:override",
        "pricing:write",
        "refunds:approve",
        "sales:assign",
        "users:read",
    }
)
_READING: Final = frozenset(each for each in PERMISSIONS if each.endswith(":read")) - _OVERSIGHT

BUILT_IN_ROLES: Final[Mapping[str, frozenset[str]]] = {
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
"""The permissions of each built-in role. No organization can grant `platform`, the role of the operators."""
ROLE_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "platform": "Operates the deployment.",
    "admin": "All permissions in the organization.",
    "manager": "All permissions except users, roles, API keys and organization settings.",
    "staff": "Daily work: clients, charters, dispatch and support.",
    "viewer": "Read-only access.",
    "client": "A customer; sees only their own records.",
    "vendor": "A carrier that submits bids; sees only its own records.",
    "driver": "A driver; sees only their own records.",
}
RESERVED_ROLE_NAMES: Final = frozenset(BUILT_IN_ROLES) | {"anonymous", "api_key", "system"}
"""Names that an organization cannot use for its own roles."""
PARTY_ID_PREFIXES: Final[Mapping[str, str]] = {"client": "cli", "vendor": "ven", "driver": "drv"}
"""The id prefix of the party that users of an external role act for."""


def missing_permissions(held: Iterable[str], granted: Iterable[str]) -> list[str]:
    """Return the permissions in `granted` that are not in `held`, sorted."""
    return sorted(set(granted) - set(held))
