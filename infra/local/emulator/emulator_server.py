"""The emulator's server: MiniStack with our patches, in the emulator's own environment.

The state is saved when the server stops, on `POST /_local/save`, and some seconds after each change, except to logs, so
that a crash loses little.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Final

import uvicorn
from ministack import app as ministack

from infra.local.emulator import emulator_patches
from infra.local.emulator.state_snapshots import PendingSnapshot, SnapshotError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SAVE_PATH: Final = "/_local/save"
DEPLOYMENT_SERVICES: Final = frozenset({"lambda", "cloudformation", "apigateway_v1", "iam"})
"""Services whose state is large, and which only requests to the services of `DEPLOYMENT_SCOPES` change."""
DEPLOYMENT_SCOPES: Final = tuple(f"/{name}/aws4_request" for name in ("lambda", "cloudformation", "apigateway", "iam"))
LOGS: Final = frozenset({"cloudwatch_logs"})
MAX_PROCESSOR_SHARE: Final = 0.1
"""The largest share of a processor that regular snapshots may take."""


class StateSaver:
    """Saves the state, one snapshot after the other."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._is_changed = self._is_deployment_changed = False
        self.last_error = ""

    def record_change(self, scope: Message) -> None:
        """Have the state saved soon if a request can change it."""
        if scope["method"] in {"GET", "HEAD"}:
            return
        self._is_changed = True
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        is_invocation = scope["path"].endswith("/invocations")
        if not is_invocation and any(name in authorization for name in DEPLOYMENT_SCOPES):
            self._is_deployment_changed = True

    def unchanged_services(self) -> frozenset[str]:
        """The services whose state is as in the previous snapshot."""
        return frozenset() if self._is_deployment_changed else DEPLOYMENT_SERVICES

    async def save(self, unsaved: frozenset[str] = frozenset()) -> float:
        """Save the state now, without the services `unsaved`. Raises SnapshotError.

        Returns the processor time that it took, in seconds.
        """
        async with self._lock:
            unchanged, is_deployment_changed = self.unchanged_services() | unsaved, self._is_deployment_changed
            self._is_changed = self._is_deployment_changed = False
            try:
                snapshot = PendingSnapshot(unchanged)
                seconds = await asyncio.to_thread(snapshot.finish)
            except SnapshotError as error:
                self._is_changed = True
                self._is_deployment_changed |= is_deployment_changed
                self.last_error = str(error)
                print(f"the state could not be saved: {error}", file=sys.stderr, flush=True)
                raise
            self.last_error = ""
            return seconds

    async def save_regularly(self, interval: float) -> None:
        """Save the state `interval` seconds after a change, and less often while that takes much processor time."""
        pause = interval
        while True:
            await asyncio.sleep(pause)
            if self._is_changed:
                with suppress(SnapshotError):  # `save` has logged it; the next round tries again.
                    pause = max(interval, await self.save(LOGS) / MAX_PROCESSOR_SHARE)


saver = StateSaver()


def save_at_shutdown(_services: Mapping[str, Any]) -> None:
    """Save the state instead of MiniStack, which replaces the files one by one and goes on after an error."""
    try:
        PendingSnapshot(saver.unchanged_services()).finish()
    except SnapshotError as error:
        print(f"the state could not be saved: {error}", file=sys.stderr, flush=True)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """MiniStack's ASGI application and the route that saves the state (POST) or shows the last error (GET)."""
    if scope["type"] == "lifespan":
        interval = float(os.environ["SAVE_INTERVAL"])
        task = asyncio.create_task(saver.save_regularly(interval)) if interval else None
        await ministack.app(scope, receive, send)
        if task:
            task.cancel()
    elif scope["type"] != "http" or scope["path"] != SAVE_PATH:
        if scope["type"] == "http":
            saver.record_change(scope)
        await ministack.app(scope, receive, send)
    else:
        if scope["method"] == "POST":
            with suppress(SnapshotError):  # The response has the error.
                await saver.save()
        body = json.dumps({"error": saver.last_error}).encode()
        status = 500 if saver.last_error else 200
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until a signal stops the process. With `MINISTACK_PATCHES=0`, serve MiniStack as it is published."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ministack.save_all = save_at_shutdown
    if os.environ.get("MINISTACK_PATCHES") != "0":
        emulator_patches.apply()
    uvicorn.run(
        application,
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
