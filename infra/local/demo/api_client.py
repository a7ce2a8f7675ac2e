"""A client of the API with retries and idempotency keys."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from infra.local import console
from infra.local.stack_config import StackConfig

_ATTEMPTS: Final = 4
_KEY_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:coachway:demo")


@dataclass(frozen=True)
class ApiClient:
    """A client with the access `token` of a user of an organization, or without one."""

    http: httpx.Client
    organization: str = ""
    token: str = ""

    @classmethod
    def connect(cls, config: StackConfig) -> ApiClient:
        """A client that is not logged in."""
        return cls(httpx.Client(base_url=f"{config.public_url}/api/v1", timeout=60))

    def close(self) -> None:
        """Close the connection, which all clients made by `log_in` share."""
        self.http.close()

    def can_log_in(self, user: dict[str, str]) -> bool:
        """Whether the user exists and has this password."""
        return self._send_log_in(user).is_success

    def log_in(self, user: dict[str, str]) -> ApiClient:
        """A client for a user."""
        response = self._send_log_in(user)
        if response.is_error:
            raise _request_error("POST", "/auth/login", response)
        return replace(self, organization=user["organization"], token=response.json()["access_token"])

    def post(self, path: str, body: Any, subject: str, **query: Any) -> Any:
        """POST; returns the response's JSON. The same `subject` at the same path has an effect only once."""
        key = str(uuid.uuid5(_KEY_NAMESPACE, f"{self.organization}/{path.partition('?')[0]}/{subject}"))
        return self._request("POST", path, json=body, params=query, headers={"Idempotency-Key": key})

    def put(self, path: str, body: Any) -> Any:
        """PUT; returns the response's JSON."""
        return self._request("PUT", path, json=body)

    def patch(self, path: str, **query: Any) -> Any:
        """PATCH with query parameters only; returns the response's JSON."""
        return self._request("PATCH", path, params=query)

    def get(self, path: str) -> Any:
        """GET; returns the response's JSON."""
        return self._request("GET", path)

    def list_all(self, path: str) -> list[Any]:
        """All items of all pages of a list."""
        items: list[Any] = []
        query: dict[str, Any] | None = {"limit": 100}
        while query is not None:
            page = self._request("GET", path, params=query)
            items += page["items"]
            query = {"limit": 100, "cursor": page["next_cursor"]} if page["next_cursor"] else None
        return items

    def _send_log_in(self, user: dict[str, str]) -> httpx.Response:
        body = {name: user[name] for name in ("organization", "email", "password")}
        return self._send("POST", "/auth/login", json=body)

    def _request(self, method: str, path: str, **options: Any) -> Any:
        response = self._send(method, path, **options)
        if response.is_error:
            raise _request_error(method, path, response)
        return response.json() if response.content else None

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; retry after connection and server errors, which the idempotency key makes safe."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers = {**options.pop("headers", {}), **authorization}
        for attempt in range(1, _ATTEMPTS):
            try:
                response = self.http.request(method, path, headers=headers, **options)
            except httpx.TransportError:
                pass
            else:
                if not response.is_server_error:
                    return response
            time.sleep(0.5 * attempt)
        return self.http.request(method, path, headers=headers, **options)


def _request_error(method: str, path: str, response: httpx.Response) -> console.CommandError:
    return console.CommandError(
        f"the demo data could not be loaded: {method} {path} returned {response.status_code}:\n{response.text}",
        "look for the cause with make logs; make up continues from here",
    )
