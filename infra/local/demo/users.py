"""The organizations and users of the demo, and how they are created."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.demo.api_client import ApiClient
from infra.local.stack_config import StackConfig

PASSWORD: Final = "harbor-coach-demo-1"  # noqa: S105 - printed by `make up`, for a stack on this machine


@dataclass(frozen=True)
class DemoUser:
    """A user with a role. External users act for a client, a driver or a vendor."""

    role: str
    email: str
    first_name: str
    last_name: str
    phone: str | None = None


@dataclass(frozen=True)
class DemoOrganization:
    """An organization as it registers; its first user is its admin."""

    slug: str
    name: str
    timezone: str
    currency: str
    users: tuple[DemoUser, ...]


DEMO: Final = DemoOrganization(
    "demo",
    "Harbor Coach",
    "America/New_York",
    "USD",
    (
        DemoUser("admin", "ana@harbor.example", "Ana", "Ruiz"),
        DemoUser("manager", "marta@harbor.example", "Marta", "Osei"),
        DemoUser("staff", "sam@harbor.example", "Sam", "Tran"),
        DemoUser("viewer", "vera@harbor.example", "Vera", "Holm"),
        DemoUser("client", "imogen@hudsonvale.example", "Imogen", "Vale", "+12125550163"),
        DemoUser("vendor", "victor@ridgeline.example", "Victor", "Maas", "+12015550170"),
        DemoUser("driver", "lena@harbor.example", "Lena", "Brandt", "+12125550171"),
        DemoUser("platform", "pia@coachway.example", "Pia", "Novak"),
    ),
)
OTHER: Final = DemoOrganization(
    "other",
    "Prairie Lines",
    "America/Winnipeg",
    "CAD",
    (DemoUser("admin", "otto@prairie.example", "Otto", "Lind"),),
)
ALL_USERS: Final = tuple((organization, user) for organization in (DEMO, OTHER) for user in organization.users)


def credentials(organization: DemoOrganization, user: DemoUser) -> dict[str, str]:
    """What a user logs in with, and the role. With the phone number, if any, a user logs in by a one-time code."""
    phone = {"phone": user.phone} if user.phone else {}
    return {"organization": organization.slug, "role": user.role, "email": user.email, "password": PASSWORD, **phone}


def list_credentials() -> list[dict[str, str]]:
    """The credentials of all users of the demo, for `make up` and `stack.json`."""
    return [credentials(organization, user) for organization, user in ALL_USERS]


@dataclass
class UserClients:
    """API clients for the users of an organization; creates the organization and its users."""

    config: StackConfig
    anonymous: ApiClient
    organization: DemoOrganization
    clients: dict[str, ApiClient] = field(default_factory=dict)

    def client(self, role: str) -> ApiClient:
        """The client of the user with a role, or of the admin when no user has it."""
        users = self.organization.users
        user = next((user for user in users if user.role == role), users[0])
        if user.role not in self.clients:
            self.clients[user.role] = self.anonymous.log_in(credentials(self.organization, user))
        return self.clients[user.role]

    def register_organization(self) -> bool:
        """Register the organization and its admin; False when they exist."""
        organization = self.organization
        admin = organization.users[0]
        if self.anonymous.can_log_in(credentials(organization, admin)):
            return False
        fields = ("name", "slug", "timezone", "currency")
        settings = {name: getattr(organization, name) for name in fields}
        account = {"email": admin.email, "password": PASSWORD, **_name_fields(admin)}
        self.anonymous.post("/auth/register", {"organization": settings, "admin": account}, organization.slug)
        return True

    def add_users(self, roles: frozenset[str], **party_ids: str) -> int:
        """Add the missing users with these roles; `party_ids` by role. Returns how many were added."""
        users = [user for user in self.organization.users[1:] if user.role in roles]
        statuses = {user["email"]: user["status"] for user in self.client("admin").list_all("/users")} if users else {}
        missing = [user for user in users if statuses.get(user.email) != "active"]
        for user in missing:
            self._add_user(user, party_ids)
        return len(missing)

    def _add_user(self, user: DemoUser, party_ids: dict[str, str]) -> None:
        if user.role == "platform":
            self._invite_platform_user(user)
            return
        body: dict[str, Any] = {"email": user.email, "role": user.role, "password": PASSWORD, **_name_fields(user)}
        body |= dict(self._optional_fields(user, party_ids))
        self.client("admin").post("/users", body, user.email)

    def _optional_fields(self, user: DemoUser, party_ids: dict[str, str]) -> Iterator[tuple[str, str]]:
        if user.phone:
            yield "phone", user.phone
        if user.role in party_ids:
            yield "party_id", party_ids[user.role]

    def _invite_platform_user(self, user: DemoUser) -> None:
        """Invite as `make platform-user` does: no organization can assign this role."""
        from infra.local.operations.platform_user import invite_platform_user

        fields = _name_fields(user)
        invitation = invite_platform_user(self.config, self.organization.slug, user.email, fields).invitation
        acceptance = {"token": invitation.invitation_token, "password": PASSWORD}
        self.anonymous.post("/auth/invitations/accept", acceptance, invitation.invitation_token)


def _name_fields(user: DemoUser) -> dict[str, str]:
    return {"first_name": user.first_name, "last_name": user.last_name}
