"""Who works at the demo's organizations, and how they come to be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.demo.api_client import Desk
from infra.local.stack_config import Home

PASSWORD: Final = "harbor-coach-demo-1"  # noqa: S105 - printed by `make up`, for a stack on this machine


@dataclass(frozen=True)
class Person:
    """Somebody of a role. Outside people act for a party: a client, a driver or a vendor."""

    role: str
    email: str
    first_name: str
    last_name: str
    phone: str | None = None


@dataclass(frozen=True)
class Organization:
    """An organization as it signs up; the first of its people is its admin."""

    slug: str
    name: str
    timezone: str
    currency: str
    people: tuple[Person, ...]


DEMO: Final = Organization(
    "demo",
    "Harbor Coach",
    "America/New_York",
    "USD",
    (
        Person("admin", "ana@harbor.example", "Ana", "Ruiz"),
        Person("manager", "marta@harbor.example", "Marta", "Osei"),
        Person("staff", "sam@harbor.example", "Sam", "Tran"),
        Person("viewer", "vera@harbor.example", "Vera", "Holm"),
        Person("client", "imogen@hudsonvale.example", "Imogen", "Vale", "+12125550163"),
        Person("vendor", "victor@ridgeline.example", "Victor", "Maas", "+12015550170"),
        Person("driver", "lena@harbor.example", "Lena", "Brandt", "+12125550171"),
        Person("platform", "pia@coachway.example", "Pia", "Novak"),
    ),
)
OTHER: Final = Organization(
    "other",
    "Prairie Lines",
    "America/Winnipeg",
    "CAD",
    (Person("admin", "otto@prairie.example", "Otto", "Lind"),),
)
EVERYBODY: Final = tuple((each, person) for each in (DEMO, OTHER) for person in each.people)


def user(organization: Organization, person: Person) -> dict[str, str]:
    """How somebody logs in."""
    return {"organization": organization.slug, "role": person.role, "email": person.email, "password": PASSWORD}


@dataclass
class Staffing:
    """An organization on the stack of `home`: signs up, lets people in, and has their desks."""

    home: Home
    visitor: Desk
    organization: Organization
    desks: dict[str, Desk] = field(default_factory=dict)

    def desk(self, role: str) -> Desk:
        """The desk of whoever has a role; the admin's where nobody has it."""
        person = next((each for each in self.organization.people if each.role == role), self.organization.people[0])
        if person.role not in self.desks:
            self.desks[person.role] = self.visitor.signed_in(user(self.organization, person))
        return self.desks[person.role]

    def sign_up(self) -> bool:
        """The organization and its admin, unless they are there; whether they had to."""
        own = self.organization
        admin = own.people[0]
        if self.visitor.can_log_in(user(own, admin)):
            return False
        terms = {"name": own.name, "slug": own.slug, "timezone": own.timezone, "currency": own.currency}
        person = {"email": admin.email, "password": PASSWORD, **_named(admin)}
        self.visitor.post("/auth/register", {"organization": terms, "admin": person}, own.slug)
        return True

    def let_in(self, roles: frozenset[str], **party_ids: str) -> int:
        """Add the people of these roles, unless they are there; `party_ids` by role. Returns how many were added."""
        wanted = [person for person in self.organization.people[1:] if person.role in roles]
        there = {each["email"]: each for each in self.desk("admin").everything("/users")} if wanted else {}
        added = 0
        for person in wanted:
            if there.get(person.email, {"status": "missing"})["status"] != "active":
                self._add(person, party_ids)
                added += 1
        return added

    def _add(self, person: Person, party_ids: dict[str, str]) -> None:
        if person.role == "platform":
            self._invite(person)
            return
        body: dict[str, Any] = {"email": person.email, "role": person.role, "password": PASSWORD, **_named(person)}
        body |= dict(self._more(person, party_ids))
        self.desk("admin").post("/users", body, person.email)

    def _more(self, person: Person, party_ids: dict[str, str]) -> Iterator[tuple[str, str]]:
        if person.phone:
            yield "phone", person.phone
        if person.role in party_ids:
            yield "party_id", party_ids[person.role]

    def _invite(self, person: Person) -> None:
        """As `make platform-user` does: no organization can give that role."""
        from infra.local.operations import platform_user

        invited = platform_user.invite(self.home, self.organization.slug, person.email, _named(person)).invited
        acceptance = {"token": invited.invitation_token, "password": PASSWORD}
        self.visitor.post("/auth/invitations/accept", acceptance, invited.invitation_token)


def _named(person: Person) -> dict[str, str]:
    return {"first_name": person.first_name, "last_name": person.last_name}
