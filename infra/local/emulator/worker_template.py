"""A process that has imported the packages of some layers, and forks workers of functions from itself.

Runs on the emulator's interpreter with a socket as its standard input. Each request on the socket is JSON with the
worker's `script`, `directory` and `environment`, together with its standard input, output and error. The answer is the
worker's process id.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = (
    "boto3.session",
    "botocore.endpoint",
    "botocore.handlers",
    "pynamodb.models",
    "chalice.app",
    "pydantic.networks",
    "aws_lambda_powertools",
    "jwt",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "ulid",
    "email_validator",
    "phonenumbers",
    "jinja2",
    "stripe",
    "twilio.rest",
)
"""What is worth importing once: packages that take long. Those that the layers do not have are left out."""
PID_FILE: Final = "pid"
"""The file beside a worker's script with its process id."""
REQUEST_BYTES: Final = 1 << 20


def main() -> None:
    """Import the packages, then fork a worker per request until the other end closes the socket."""
    sys.path[:0] = sys.argv[1:]
    for package in PACKAGES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(package)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Ended workers leave no zombies.
    requests = socket.socket(fileno=os.dup(0))
    while True:
        message, files, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 3)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            requests.close()
            _run_worker(json.loads(message), files)
        for file in files:
            os.close(file)
        requests.send(str(pid).encode())


def _run_worker(request: dict[str, Any], files: Sequence[int]) -> None:
    """Become the worker: its files, directory and environment, and a search path without this process's additions."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        script = Path(request["script"])
        script.with_name(PID_FILE).write_text(str(os.getpid()))
        os.chdir(request["directory"])
        os.environ.clear()
        os.environ.update(request["environment"])
        del sys.path[: len(sys.argv) - 1]
        sys.path[0] = str(script.parent)
        sys.argv[:] = [str(script)]
        runpy.run_path(str(script), run_name="__main__")
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
