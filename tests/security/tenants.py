"""Organizations of the tests' own, with somebody of every role."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx

from coachway.core.types import ids
from coachway.identity.model.permissions import BUILT_IN
from tests.security.in_process import Deployment
from tests.security.operations import OUTSIDE

PASSWORD = "correct horse battery staple"
_RENEWED = 600.0
"""Seconds after which a token is not used any more: it lives for fifteen minutes."""


def from_anywhere() -> dict[str, str]:
    """A header by which the emulator takes a request for one from an address of its own.

    Limits count by address, and one machine runs all tests. The gateway on AWS does not believe this header.
    """
    return {"X-Forwarded-For": f"198.18.{random.randrange(256)}.{random.randrange(256)}"}


class Tenant:
    """An organization. Its `marker` stands in every text that it wrote, so that a leak is seen wherever it happens."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.marker = f"zq{secrets.token_hex(5)}"
        self._http = deployment.gateway()
        self._people: dict[str, str] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        registration = {
            "organization": {"name": f"Coaches {self.marker}", "slug": self.marker},
            "admin": self._person("admin") | {"password": PASSWORD},
        }
        registration["admin"].pop("role")
        answer = self.ask("POST", "/api/v1/auth/register", by="", body=registration)
        assert answer.status_code == 201, answer.text
        self.org_id: str = answer.json()["organization"]["id"]
        self._people["admin"] = registration["admin"]["email"]

    def ask(
        self,
        method: str,
        path: str,
        *,
        by: str = "admin",
        body: Any = None,
        form: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> httpx.Response:
        """Send a request as somebody of a role; as nobody when `by` is empty."""
        sent = httpx.Headers(from_anywhere())
        if by:
            sent["Authorization"] = f"Bearer {self.token(by)}"
        for name, value in (headers or {}).items():
            sent[name] = value.decode("latin-1") if isinstance(value, bytes) else value
        return self._http.request(method, path, json=body, data=form, content=content, headers=sent)

    def made(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """What a POST of the admin's made."""
        answer = self.ask("POST", path, body=body, headers=headers)
        assert answer.is_success, f"POST {path} was answered {answer.status_code}: {answer.text}"
        content: dict[str, Any] = answer.json()
        return content

    def token(self, role: str) -> str:
        """An access token of somebody of that role."""
        if role not in self._people:
            self._people[role] = self.newcomer(role)
        since, token = self._tokens.get(role, (-_RENEWED, ""))
        if time.monotonic() - since >= _RENEWED:
            token = self.log_in(self._people[role])
            self._tokens[role] = (time.monotonic(), token)
        return token

    def newcomer(self, role: str) -> str:
        """The email of somebody new, who can log in."""
        person = self._person(role)
        if role in OUTSIDE:
            person["party_id"] = self.parties[role]
        self.made("/api/v1/users", {**person, "password": PASSWORD})
        return str(person["email"])

    @cached_property
    def parties(self) -> dict[str, str]:
        """What the outside roles act for."""
        client = self.made("/api/v1/clients", self.client())
        return {"client": client["id"], "vendor": ids.new("ven"), "driver": ids.new("drv")}

    @cached_property
    def feeble_key(self) -> str:
        """An API key that may do next to nothing."""
        feeble = {"name": f"Feeble {self.marker}", "permissions": ["portal:use"]}
        return str(self.made("/api/v1/api-keys", feeble)["key"])

    def log_in(self, email: str) -> str:
        """A new session's access token."""
        credentials = {"organization": self.marker, "email": email, "password": PASSWORD}
        answer = self.ask("POST", "/api/v1/auth/login", by="", body=credentials)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def client(self) -> dict[str, Any]:
        """A client to be made."""
        return {
            "name": f"Acme {self.marker}",
            "client_type": "corporate",
            "email": self.email("client"),
            "payment_terms": "net_30",
            "credit_limit": 10000,
        }

    def email(self, whose: str) -> str:
        """An address that nobody has yet."""
        return f"{whose}-{secrets.token_hex(4)}@{self.marker}.example"

    def _person(self, role: str) -> dict[str, Any]:
        assert role in BUILT_IN, role
        return {"email": self.email(role), "first_name": "Ana", "last_name": self.marker, "role": role}
