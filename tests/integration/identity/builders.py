"""Organizations and users, created through the routes of identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.persistence.domain_events import BY_DAY, Envelope, Event
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.fleet.model import DRIVER_EXAMPLE
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.vendors.model import VENDOR_EXAMPLE
from tests.integration.client import Reply, call
from tools.function_modules import load

Json = Any
api: ApiRouter = load("identity", "api").api
PASSWORD = "correct horse battery staple"
WRONG_PASSWORD = "wrong wrong wrong"
PARTIES = {
    "client": ("clients", "/clients", {"name": "Acme Events", "client_type": "corporate", "email": "a@acme.example"}),
    "vendor": ("vendors", "/vendors", VENDOR_EXAMPLE),
    "driver": ("fleet", "/drivers", DRIVER_EXAMPLE),
}
SAM = {"first_name": "Sam", "last_name": "Okafor"}


def post(path: str, body: Json = None, token: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    return call(api, "POST", f"/api/v1{path}", body, token=token, headers=headers)


def get(
    path: str, token: str = "", query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    return call(api, "GET", f"/api/v1{path}", token=token, query=query, headers=headers)


def put(path: str, body: Json, token: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    return call(api, "PUT", f"/api/v1{path}", body, token=token, headers=headers)


def delete(path: str, token: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    return call(api, "DELETE", f"/api/v1{path}", token=token, headers=headers)


@dataclass
class Org:
    """A registered organization, and a session of its admin."""

    slug: str
    id: str
    admin_id: str
    email: str
    token: str
    refresh_token: str

    def log_in(self, email: str = "", password: str = PASSWORD, **fields: Json) -> Reply:
        """Log in as the admin or another user."""
        body = {"organization": self.slug, "email": email or self.email, "password": password, **fields}
        return post("/auth/login", body)

    def invite(self, email: str, role: str = "staff", **fields: Json) -> Json:
        body = {"email": email, "role": role, **SAM, **fields}
        reply = post("/users/invite", body, self.token)
        assert reply.status == 201, reply.text
        return reply.json()

    def create_user(self, email: str, role: str = "staff", **fields: Json) -> Json:
        """Create a user by an accepted invitation. Returns the user with the tokens of a login."""
        invitation = self.invite(email, role, **fields)
        accepted = accept_invitation(invitation["invitation_token"])
        assert accepted.status == 201, accepted.text
        login = self.log_in(email)
        assert login.status == 200, login.text
        return {**accepted.json(), **login.json()}


def accept_invitation(token: str, password: str = PASSWORD) -> Reply:
    return post("/auth/invitations/accept", {"token": token, "password": password})


def registration_body(slug: str = "harbor", email: str = "") -> Json:
    return {
        "organization": {
            "name": slug.title() + " Coach",
            "slug": slug,
            "timezone": "America/New_York",
            "currency": "USD",
        },
        "admin": {
            "email": email or f"ana@{slug}.example",
            "password": PASSWORD,
            "first_name": "Ana",
            "last_name": "Ruiz",
        },
    }


def set_confirmed(org_id: str, *, confirmed: bool) -> None:
    """Confirm an organization, as the link of an email does, or take it back."""
    before = store.get(Organization, ORGANIZATIONS.key(org=org_id))
    store.commit(Caller.system("tests", org_id), Update(before, before.model_copy(update={"is_confirmed": confirmed})))


def register_organization(slug: str = "harbor", *, confirmed: bool = True) -> Org:
    """Register an organization and log in as its admin."""
    reply = post("/auth/register", registration_body(slug))
    assert reply.status == 201, reply.text
    organization, admin = reply.json()["organization"], reply.json()["user"]
    if confirmed:
        set_confirmed(organization["id"], confirmed=True)
    login = post("/auth/login", {"organization": slug, "email": admin["email"], "password": PASSWORD})
    assert login.status == 200, login.text
    tokens = login.json()
    return Org(slug, organization["id"], admin["id"], admin["email"], tokens["access_token"], tokens["refresh_token"])


def create_party(org: Org, role: str) -> str:
    """Create a client, vendor or driver through its route; returns its id."""
    capability, path, body = PARTIES[role]
    reply = call(load(capability, "api").api, "POST", f"/api/v1{path}", body, token=org.token)
    assert reply.status == 201, reply.text
    return str(reply.json()["id"])


def list_event_data(org_id: str, event_class: type[Event]) -> list[Json]:
    """The data of an organization's events of one class of today, oldest first."""
    partition = BY_DAY.partition(org=org_id, day=clock.now().strftime("%Y-%m-%d"))
    return [each.data for each in query_all(Envelope, partition, index="gsi1") if each.type == event_class.TYPE]
