"""Organizations for the security tests, with a user for every role."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx

from coachway.fleet.model import DRIVER_EXAMPLE
from coachway.identity.model.permissions import BUILT_IN_ROLES
from coachway.vendors.model import VENDOR_EXAMPLE
from tests.security.in_process import Deployment
from tests.security.unique_values import new_phone

PASSWORD = "correct horse battery staple"
_TOKEN_SECONDS = 600.0
"""Seconds until a token is replaced. Tokens are valid for fifteen minutes."""


def random_address_header() -> dict[str, str]:
    """A header that gives a request a random source address on the emulator.

    Rate limits count by address, and all tests run on one machine. The gateway on AWS ignores this header.
    """
    return {"X-Forwarded-For": f"198.18.{random.randrange(256)}.{random.randrange(256)}"}


class Tenant:
    """An organization. All its texts contain its `marker`, so that tests find a leak anywhere."""

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
        response = self.send("POST", "/api/v1/auth/register", role="", body=registration)
        assert response.status_code == 201, response.text
        self.org_id: str = response.json()["organization"]["id"]
        self._people["admin"] = registration["admin"]["email"]

    def send(
        self,
        method: str,
        path: str,
        *,
        role: str = "admin",
        body: Any = None,
        form: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> httpx.Response:
        """Send a request as a user of a role, or without credentials if `role` is empty."""
        sent_headers = httpx.Headers(random_address_header())
        if role:
            sent_headers["Authorization"] = f"Bearer {self.get_token(role)}"
        for name, value in (headers or {}).items():
            sent_headers[name] = value.decode("latin-1") if isinstance(value, bytes) else value
        return self._http.request(method, path, json=body, data=form, content=content, headers=sent_headers)

    def create(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """Send a POST as the admin, which must succeed; returns the created record."""
        response = self.send("POST", path, body=body, headers=headers)
        assert response.is_success, f"POST {path} was answered {response.status_code}: {response.text}"
        content: dict[str, Any] = response.json()
        return content

    def get_token(self, role: str) -> str:
        """An access token of a user of a role."""
        if role not in self._people:
            self._people[role] = self.create_user(role)
        issued_at, token = self._tokens.get(role, (-_TOKEN_SECONDS, ""))
        if time.monotonic() - issued_at >= _TOKEN_SECONDS:
            token = self.log_in(self._people[role])
            self._tokens[role] = (time.monotonic(), token)
        return token

    def create_user(self, role: str) -> str:
        """Create a user who can log in; returns the email address."""
        person = self._person(role)
        if role == "client":
            person["party_id"] = self.create("/api/v1/clients", self.client_body())["id"]
        elif role == "vendor":
            person["party_id"] = self.create("/api/v1/vendors", self.vendor_body())["id"]
        user = self.create("/api/v1/users", {**person, "password": PASSWORD})
        if role == "driver":
            self.create("/api/v1/drivers", {**DRIVER_EXAMPLE, "phone": new_phone(), "user_id": user["id"]})
        return str(person["email"])

    @cached_property
    def limited_api_key(self) -> str:
        """An API key with only one permission."""
        body = {"name": f"Limited {self.marker}", "permissions": ["portal:use"]}
        return str(self.create("/api/v1/api-keys", body)["key"])

    def log_in(self, email: str) -> str:
        """Log in; returns an access token."""
        credentials = {"organization": self.marker, "email": email, "password": PASSWORD}
        response = self.send("POST", "/api/v1/auth/login", role="", body=credentials)
        assert response.status_code == 200, response.text
        token: str = response.json()["access_token"]
        return token

    def client_body(self) -> dict[str, Any]:
        """The body of a new client."""
        return {
            "name": f"Acme {self.marker}",
            "client_type": "corporate",
            "email": self.new_email("client"),
            "payment_terms": "net_30",
            "credit_limit": 10000,
        }

    def vendor_body(self) -> dict[str, Any]:
        """The body of a new vendor."""
        return {
            **VENDOR_EXAMPLE,
            "business_name": f"Lines {self.marker}",
            "primary_email": self.new_email("vendor"),
        }

    def new_email(self, prefix: str) -> str:
        """A new email address."""
        return f"{prefix}-{secrets.token_hex(4)}@{self.marker}.example"

    def _person(self, role: str) -> dict[str, Any]:
        assert role in BUILT_IN_ROLES, role
        return {"email": self.new_email(role), "first_name": "Ana", "last_name": self.marker, "role": role}
