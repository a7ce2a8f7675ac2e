"""Requests with variables, and a session that sends them one after the other.

Standard library only: the same requests run in process, on the built layers, and over HTTP.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Send = Callable[[str, str, str, Json, Mapping[str, str]], tuple[int, Json]]
"""Sends a request: capability, method, path with query, body, headers. Returns status and content."""


@dataclass(frozen=True)
class RequestStep:
    """A request. `{names}` in its path and body are replaced by variables that earlier responses set.

    `max_calls` is the goal for its number of DynamoDB calls, if there is one.
    """

    name: str
    capability: str
    method: str
    path: str
    body: Json = None
    saves: Mapping[str, str] = field(default_factory=dict)
    """Variables and the path of their value in the response: `{"access": "access_token"}`."""
    prerequisites: tuple[RequestStep, ...] = ()
    """Steps that are sent, without measuring them, each time before this one."""
    is_public: bool = False
    max_calls: int | None = None
    every_nth_round: int = 1
    """In which rounds the request is measured: every round, every second, …"""


def post(name: str, capability: str, path: str, body: Json, **options: Any) -> RequestStep:
    return RequestStep(name, capability, "POST", path, body, **options)


def get(name: str, capability: str, path: str, **options: Any) -> RequestStep:
    return RequestStep(name, capability, "GET", path, **options)


@dataclass(frozen=True)
class PreparedRequest:
    """A request whose prerequisites are done and whose variables are filled in."""

    step: RequestStep
    path: str
    body: Json
    headers: dict[str, str]


class Session:
    """Sends steps one after the other, and keeps the variables that they set."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.variables: dict[str, Json] = {}

    def run(self, step: RequestStep) -> Json:
        """Send a step after its prerequisites; returns the response. Raises RuntimeError on an error status."""
        return self.send(self.prepare(step))

    def prepare(self, step: RequestStep) -> PreparedRequest:
        """Run the prerequisites of a step and fill in its variables."""
        for prerequisite in step.prerequisites:
            self.run(prerequisite)
        self.variables["n"] = uuid.uuid4().hex[:12]
        headers = {"Content-Type": "application/json"}
        if not step.is_public:
            headers["Authorization"] = f"Bearer {self.variables['access']}"
        if step.method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        return PreparedRequest(step, self._fill_in(step.path), self._fill_in(step.body), headers)

    def send(self, request: PreparedRequest) -> Json:
        """Send a prepared request and save its variables; returns the response."""
        step, path = request.step, request.path
        status, content = self._send(step.capability, step.method, path, request.body, request.headers)
        if status >= 400:
            raise RuntimeError(f"{step.name}: {step.method} {path} returned {status}: {json.dumps(content)[:600]}")
        for name, value_path in step.saves.items():
            value = content
            for key in value_path.split("."):
                value = value[key]
            self.variables[name] = value
        return content

    def _fill_in(self, part: Json) -> Json:
        if isinstance(part, dict):
            return {name: self._fill_in(value) for name, value in part.items()}
        if isinstance(part, list):
            return [self._fill_in(item) for item in part]
        if not isinstance(part, str):
            return part
        if part.startswith("{") and part.endswith("}") and part[1:-1] in self.variables:
            return self.variables[part[1:-1]]
        for name, value in self.variables.items():
            part = part.replace(f"{{{name}}}", str(value))
        return part
