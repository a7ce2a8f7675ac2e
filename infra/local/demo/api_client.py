"""Somebody at a desk who asks the API, as any program does."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from infra.local import console
from infra.local.stack_config import Home

_TRIES: Final = 4
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:coachway:demo")


@dataclass(frozen=True)
class Desk:
    """Whoever has the `token` of a log-in, at an organization; nobody in particular without one."""

    http: httpx.Client
    organization: str = ""
    token: str = ""

    @classmethod
    def of(cls, home: Home) -> Desk:
        """A visitor's desk."""
        return cls(httpx.Client(base_url=f"{home.public_url}/api/v1", timeout=60))

    def close(self) -> None:
        """Hang up; for all who came from this desk."""
        self.http.close()

    def can_log_in(self, user: dict[str, str]) -> bool:
        """Whether the password is right."""
        return self._log_in(user).is_success

    def signed_in(self, user: dict[str, str]) -> Desk:
        """The desk of a user."""
        answer = self._log_in(user)
        if answer.is_error:
            raise _refused("POST", "/auth/login", answer)
        return replace(self, organization=user["organization"], token=answer.json()["access_token"])

    def post(self, path: str, body: Any, about: str, **query: Any) -> Any:
        """What a POST is answered. `about` names what it makes or does: the same again has no other effect."""
        key = str(uuid.uuid5(_NAMES, f"{self.organization}/{path.partition('?')[0]}/{about}"))
        return self._asked("POST", path, json=body, params=query, headers={"Idempotency-Key": key})

    def put(self, path: str, body: Any) -> Any:
        """What a PUT is answered."""
        return self._asked("PUT", path, json=body)

    def patch(self, path: str, **query: Any) -> Any:
        """What a PATCH that says everything in its query is answered."""
        return self._asked("PATCH", path, params=query)

    def get(self, path: str) -> Any:
        """What a GET is answered."""
        return self._asked("GET", path)

    def everything(self, path: str) -> list[Any]:
        """All items of a list."""
        found: list[Any] = []
        query: dict[str, Any] | None = {"limit": 100}
        while query is not None:
            page = self._asked("GET", path, params=query)
            found += page["items"]
            query = {"limit": 100, "cursor": page["next_cursor"]} if page["next_cursor"] else None
        return found

    def _log_in(self, user: dict[str, str]) -> httpx.Response:
        who = {name: user[name] for name in ("organization", "email", "password")}
        return self._sent("POST", "/auth/login", json=who)

    def _asked(self, method: str, path: str, **more: Any) -> Any:
        answer = self._sent(method, path, **more)
        if answer.is_error:
            raise _refused(method, path, answer)
        return answer.json() if answer.content else None

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send it, again if the connection broke or the emulator stumbled: the key keeps that from doubling things."""
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        for tried in range(1, _TRIES):
            try:
                answer = self.http.request(method, path, headers=headers, **more)
            except httpx.TransportError:
                pass
            else:
                if not answer.is_server_error:
                    return answer
            time.sleep(0.5 * tried)
        return self.http.request(method, path, headers=headers, **more)


def _refused(method: str, path: str, answer: httpx.Response) -> console.Failed:
    return console.Failed(
        f"{method} {path} was answered {answer.status_code}:\n{answer.text}",
        "the demo data needs it: see make logs, then make up again goes on from here",
    )
