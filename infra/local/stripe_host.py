"""Serves localstripe on this machine only, its data in a file of this stack. Runs in the sandboxes' environment.

localstripe 1.15.10 listens on every interface and keeps its data in one file under /tmp, whoever runs it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aiohttp import web
from localstripe import resources, server


def main() -> None:
    parser = argparse.ArgumentParser(description="localstripe, kept to one stack.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()

    def open_own(path: str, mode: str) -> Any:
        return (options.file if path.endswith("localstripe.pickle") else Path(path)).open(mode)

    resources.open = open_own
    resources.store.try_load_from_disk()
    web.run_app(server.app, host=options.host, port=options.port, print=None)


if __name__ == "__main__":
    main()
