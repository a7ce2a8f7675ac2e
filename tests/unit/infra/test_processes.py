"""Background processes of a stack."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from infra.local import processes
from infra.local.stack_config import StackConfig
from tests.stack import eventually

PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "http.server", sys.argv[1], "--bind", "127.0.0.1"])
time.sleep(600)
"""


def test_stop_also_stops_child_processes(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = StackConfig(tmp_path, port)
    processes.start(config, "parent", [sys.executable, "-c", PARENT, str(port)], os.environ, port)
    eventually(lambda: processes.is_port_in_use(port))
    assert processes.stop(config, "parent")
    assert processes.running_pid(config, "parent") is None
    eventually(lambda: not processes.is_port_in_use(port))
    assert not processes.stop(config, "parent")
