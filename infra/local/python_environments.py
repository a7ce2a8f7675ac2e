"""Separate Python environments for the emulator, `sam` and the sandboxes, from groups of `uv.lock`.

The emulator runs functions on its own interpreter, so its environment must not have the packages of the tests.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from infra.local import console, processes
from infra.local.stack_config import ENVIRONMENTS, ROOT

UV = Path(sys.prefix) / "bin" / "uv"


def _fingerprint(group: str) -> str:
    lock = (ROOT / "uv.lock").read_bytes()
    return hashlib.sha256(lock + f"{group}{sys.version}{sys.prefix}".encode()).hexdigest()


def ensure_environment(group: str) -> Path:
    """Create or update the group's environment if `uv.lock` changed; returns its `bin` directory."""
    environment = ENVIRONMENTS / group
    stamp = environment / ".synced"
    fingerprint = _fingerprint(group)
    if stamp.exists() and stamp.read_text() == fingerprint:
        return environment / "bin"
    with console.report_step(f"Installing the Python environment for {group}"):
        process = subprocess.run(
            [str(UV), "sync", "--quiet", "--only-group", group, "--locked", "--python", sys.executable],
            cwd=ROOT,
            env={**processes.environment_with_real_clock(), "UV_PROJECT_ENVIRONMENT": str(environment)},
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise console.CommandError(
                f"the Python environment for {group} could not be installed:\n{process.stderr.strip()}",
                "check the network (or the package cache), then run the same command again",
            )
        stamp.write_text(fingerprint)
    return environment / "bin"
