"""Background processes of a stack."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from infra.local import processes
from infra.local.stack_config import Home
from tests.stack import eventually

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "http.server", sys.argv[1], "--bind", "127.0.0.1"])
time.sleep(600)
"""


def test_what_a_stopped_process_leaves_behind_is_stopped_too(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    home = Home(tmp_path, port)
    processes.start(home, "parent", [sys.executable, "-c", PARENT, str(port)], os.environ, port)
    eventually(lambda: processes.port_taken(port))
    assert processes.stop(home, "parent")
    assert processes.running(home, "parent") is None
    eventually(lambda: not processes.port_taken(port))
    assert not processes.stop(home, "parent")
