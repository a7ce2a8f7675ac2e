"""The emulator's server: MiniStack with our patches, in the emulator's own environment.

MiniStack saves its state when it stops. `POST /_local/save` saves it immediately, so that a crash loses little.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from ministack import app as ministack
from ministack.core.persistence import save_all

from infra.local.emulator import emulator_patches

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def save_state() -> None:
    """Save the state of all services, as an orderly stop does."""
    Path(os.environ["STATE_DIR"]).mkdir(parents=True, exist_ok=True)
    save_all(ministack._build_persistence_save_dict())


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """MiniStack's ASGI application and the route that saves the state."""
    if scope["type"] != "http" or scope["path"] != "/_local/save":
        await ministack.app(scope, receive, send)
        return
    await asyncio.to_thread(save_state)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Serve until a signal stops the process. With `MINISTACK_PATCHES=0`, serve MiniStack as it is published."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
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
