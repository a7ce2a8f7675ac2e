"""Start and stop the emulator as a background process, and save its state."""

from __future__ import annotations

import os
import shutil
import time
from typing import Final

import httpx

from infra.local import console, processes, python_environments
from infra.local.stack_config import REGION, StackConfig

NAME = "ministack"
UNUSED_SECONDS: Final = 24 * 3600
"""After how long without use the unpacked code of an older release is deleted."""


def environment_variables(config: StackConfig) -> dict[str, str]:
    """All environment variables that the emulator, and through it every function, sees.

    The emulator checks IAM permissions (`AUTH`): a missing grant fails, as on AWS.
    """
    return {
        **processes.inherited_environment(),
        "GATEWAY_PORT": str(config.port),
        "BIND_HOST": config.host,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(config.subdirectory("state")),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(config.subdirectory("s3")),
        "TMPDIR": str(config.subdirectory("tmp")),
        "UNPACKED_DIR": str(config.subdirectory("unpacked")),
        "AUTH": "true",
        "LOG_LEVEL": "INFO",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SFN_WAIT_SCALE": os.environ.get("SFN_WAIT_SCALE", "1"),
        "MINISTACK_PATCHES": os.environ.get("MINISTACK_PATCHES", "1"),
    }


def start(config: StackConfig) -> bool:
    """Start the emulator with its saved state; False when it already runs."""
    python = python_environments.ensure_environment("emulator") / "python"
    if processes.running_pid(config, NAME):
        if not processes.is_port_in_use(config.port):
            raise console.CommandError(
                f"the emulator is already running, on another port than {config.port}",
                "stop it first (make down), or set COACHWAY_PORT to the port that it was started on",
            )
        return False
    with console.report_step(f"Starting the emulator (MiniStack) on port {config.port}"):
        shutil.rmtree(config.directory / "tmp", ignore_errors=True)
        _delete_unused_archives(config)
        env = environment_variables(config)
        processes.start(config, NAME, [str(python), "-m", "infra.local.emulator.emulator_server"], env, config.port)
        processes.wait_until_ready(config, NAME, f"{config.emulator_url}/_ministack/ready")
    return True


def _delete_unused_archives(config: StackConfig) -> None:
    """Delete the unpacked code and layers that no worker has used for a day. No worker runs now."""
    for directory in config.subdirectory("unpacked").iterdir():
        if directory.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(directory)


def stop(config: StackConfig) -> bool:
    """Stop the emulator, which saves its state first; False when it was not running."""
    return processes.stop(config, NAME, seconds=60)


def save_state(config: StackConfig) -> None:
    """Save the emulator's state now, so that a later crash loses only newer changes."""
    httpx.post(f"{config.emulator_url}/_local/save", timeout=60).raise_for_status()
