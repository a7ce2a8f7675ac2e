"""Start and stop the emulator as a background process, and save its state."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Final

import httpx

from infra.local import console, processes, python_environments
from infra.local.stack_config import REGION, StackConfig

NAME = "ministack"
SAVE_INTERVAL: Final = "5"
"""After how many seconds a change is saved; 0 saves only on request and at the end."""
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
        "STATE_DIR": str(saved_state(config)),
        "SANDBOX_DIR": str(config.subdirectory("sandboxes")),
        "SAVE_INTERVAL": os.environ.get("SAVE_INTERVAL", SAVE_INTERVAL),
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


def saved_state(config: StackConfig) -> Path:
    """The newest snapshot, see `state_snapshots`: a symbolic link, or missing."""
    return config.directory / "state"


def stop(config: StackConfig) -> bool:
    """Stop the emulator, which saves its state first; False when it was not running."""
    return processes.stop(config, NAME, seconds=60)


def save_state(config: StackConfig) -> None:
    """Save the emulator's state now. Raises CommandError when it cannot be saved."""
    if error := _request_save(config, "POST"):
        raise console.CommandError(
            f"the data of the stack could not be saved: {error}",
            "remove the cause, such as a full disk, and repeat the command; to stop without saving: make down SAVE=0",
        )


def read_save_error(config: StackConfig) -> str:
    """Why the last regular save failed; empty when it did not."""
    return _request_save(config, "GET")


def _request_save(config: StackConfig, method: str) -> str:
    try:
        return str(httpx.request(method, f"{config.emulator_url}/_local/save", timeout=300).json()["error"])
    except httpx.TransportError as error:
        return f"the emulator does not answer at {config.emulator_url} ({error})"
