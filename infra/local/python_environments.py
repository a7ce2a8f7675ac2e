"""Python environments of their own for the emulator, `sam` and the sandboxes, from the lock file's groups.

The emulator lends its packages to the functions that it runs, so it must not share an environment with the tests.
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


def ensure(group: str) -> Path:
    """The `bin` directory of the group's environment, made or brought up to date first when `uv.lock` changed."""
    environment = ENVIRONMENTS / group
    stamp = environment / ".synced"
    wanted = _fingerprint(group)
    if stamp.exists() and stamp.read_text() == wanted:
        return environment / "bin"
    with console.step(f"Installing the environment of {group}"):
        done = subprocess.run(
            [str(UV), "sync", "--quiet", "--only-group", group, "--locked", "--python", sys.executable],
            cwd=ROOT,
            env={**processes.environment_with_real_clock(), "UV_PROJECT_ENVIRONMENT": str(environment)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise console.Failed(
                f"the environment of {group} could not be installed:\n{done.stderr.strip()}",
                "check the network (or the package cache), then run the same command again",
            )
        stamp.write_text(wanted)
    return environment / "bin"
