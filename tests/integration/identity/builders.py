"""Organizations and people to test with, made through the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coachway.core.http.routing import ApiRouter
from coachway.core.persistence.domain_events import BY_DAY, Envelope, Event
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from tests.entries import load
from tests.integration.client import Reply, call

Json = Any
api: ApiRouter = load("identity", "api").api
PASSWORD = "correct horse battery staple"


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
    """A registered organization and its admin's session."""

    slug: str
    id: str
    admin_id: str
    email: str
    token: str
    refresh_token: str

    def log_in(self, email: str, password: str = PASSWORD, **more: Json) -> Reply:
        return post("/auth/login", {"organization": self.slug, "email": email, "password": password, **more})

    def invited(self, email: str, role: str = "staff", *, by: str = "", **more: Json) -> Json:
        body = {"email": email, "role": role, "first_name": "Sam", "last_name": "Okafor", **more}
        reply = post("/users/invite", body, by or self.token)
        assert reply.status == 201, reply.text
        return reply.json()

    def joined(self, email: str, role: str = "staff", **more: Json) -> Json:
        """A user who accepted an invitation, with the tokens of a log-in."""
        invited = self.invited(email, role, **more)
        accepted = post("/auth/invitations/accept", {"token": invited["invitation_token"], "password": PASSWORD})
        assert accepted.status == 201, accepted.text
        tokens = self.log_in(email)
        assert tokens.status == 200, tokens.text
        return {**accepted.json(), **tokens.json()}


def registration(slug: str = "harbor", email: str = "") -> Json:
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


def registered(slug: str = "harbor") -> Org:
    """An organization that signed up, whose admin has logged in."""
    reply = post("/auth/register", registration(slug))
    assert reply.status == 201, reply.text
    made = reply.json()
    email = made["user"]["email"]
    tokens = post("/auth/login", {"organization": slug, "email": email, "password": PASSWORD})
    assert tokens.status == 200, tokens.text
    told = tokens.json()
    return Org(slug, made["organization"]["id"], made["user"]["id"], email, told["access_token"], told["refresh_token"])


def facts(org_id: str, kind: type[Event]) -> list[Json]:
    """The data of an organization's events of one kind, today's, oldest first."""
    partition = BY_DAY.partition(org=org_id, day=clock.now().strftime("%Y-%m-%d"))
    return [each.data for each in query_all(Envelope, partition, index="gsi1") if each.type == kind.TYPE]
