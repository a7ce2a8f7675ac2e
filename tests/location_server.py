"""The sandbox of the map service, in a thread of this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.local.sandboxes import location_data, location_sandbox


class _QuietHandler(location_sandbox.Handler):
    def log_message(self, message: str, *args: Any) -> None:
        """Print nothing."""


@dataclass
class LocationServer:
    """A running sandbox."""

    url: str
    sandbox: location_sandbox.Sandbox

    def count_requests(self) -> int:
        """How many requests it has received."""
        return self.sandbox.requests.total()


@cache
def get_location_server() -> LocationServer:
    """The sandbox of this process, which runs until the end of the process."""
    server = location_sandbox.create_server(0, handler=_QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    location_data.load()
    handler: Any = server.RequestHandlerClass
    return LocationServer(f"http://127.0.0.1:{server.server_port}", handler.sandbox)
