"""Serves MiniStack, and keeps what it forgets. Runs in the emulator's environment, not in the tools'.

MiniStack 1.5.33 saves how far a stream's consumer has read, but not the records of the stream: after a restart the
consumer would skip as many new records as it had read before, and what it had not read yet would be lost. So the unread
records are written beside the state when it is saved, and put back, with the reading position forgotten, when it is
loaded.

It saves on an orderly stop only. `POST /_local/save` saves at once, so that a crash after `make up` costs little.
"""

from __future__ import annotations

import asyncio
import json
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

STATE = Path(os.environ["STATE_DIR"])
UNREAD = STATE / "unread-stream-records.json"


def forget_positions() -> None:
    """Remove the saved reading positions of stream consumers from MiniStack's Lambda state."""
    saved = STATE / "lambda.json"
    if not saved.exists():
        return
    state = json.loads(saved.read_text())
    state.get("payload", state).pop("dynamodb_stream_positions", None)
    replacement = saved.with_suffix(".clean")
    replacement.write_text(json.dumps(state))
    replacement.replace(saved)


def save_unread() -> None:
    """Write the stream records that some consumer has not read yet."""
    from ministack.services import dynamodb, lambda_svc

    unread = []
    for (account, region, _), mapping in list(lambda_svc._esms._data.items()):
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" not in source:
            continue
        table = source.partition(":table/")[2].partition("/")[0]
        trimmed = dynamodb._stream_trimmed._data.get((account, region, table), 0)
        records = list(dynamodb._stream_records._data.get((account, region, table), ()))
        read = lambda_svc._dynamodb_stream_positions._data.get((account, region, mapping["UUID"]), 0)
        unread.append(
            {"account": account, "region": region, "table": table, "records": records[max(0, read - trimmed) :]}
        )
    UNREAD.write_text(json.dumps(unread))


def restore_unread() -> None:
    """Put the unread records back at the head of their streams."""
    if not UNREAD.exists():
        return
    from ministack.services import dynamodb

    for stream in json.loads(UNREAD.read_text()):
        key = (stream["account"], stream["region"], stream["table"])
        if stream["records"]:
            dynamodb._stream_records._data[key] = stream["records"] + dynamodb._stream_records._data.get(key, [])
    UNREAD.unlink()


def save() -> None:
    """Save everything now, as an orderly stop would."""
    STATE.mkdir(parents=True, exist_ok=True)
    save_unread()
    save_all(ministack._build_persistence_save_dict())


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """MiniStack's application, with our care for streams round its start and stop."""
    if scope["type"] == "lifespan":
        await _lifespan(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == "/_local/save":
        await asyncio.to_thread(save)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    else:
        await ministack.app(scope, receive, send)


async def _lifespan(scope: Message, receive: Receive, send: Send) -> None:
    async def receive_first() -> Message:
        message = await receive()
        if message["type"] == "lifespan.startup":
            forget_positions()
        elif message["type"] == "lifespan.shutdown":
            save_unread()
        return message

    async def send_after(message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            restore_unread()
        await send(message)

    await ministack.app(scope, receive_first, send_after)


def main() -> None:
    """Serve until told to stop."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
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
