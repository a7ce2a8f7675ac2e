"""MiniStack as a background process: start, stop, save."""

from __future__ import annotations

import os
import shutil

import httpx

from infra.local import console, processes, python_environments
from infra.local.stack_config import REGION, Home

NAME = "ministack"


def environment(home: Home, *, auth: bool = False) -> dict[str, str]:
    """All that the emulator, and through it every function, gets to see of the environment."""
    return {
        **processes.inherited_environment(),
        "GATEWAY_PORT": str(home.port),
        "BIND_HOST": home.host,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.path("state")),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.path("s3")),
        "TMPDIR": str(home.path("tmp")),
        "AUTH": "true" if auth else "false",
        "LOG_LEVEL": "INFO",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SFN_WAIT_SCALE": os.environ.get("SFN_WAIT_SCALE", "1"),
    }


def start(home: Home, *, auth: bool = False) -> bool:
    """Start it unless it runs already; True when it was started. State of an earlier run is loaded."""
    python = python_environments.ensure("emulator") / "python"
    if processes.running(home, NAME):
        if not processes.port_taken(home.port):
            raise console.Failed(
                f"MiniStack runs already, but on another port than {home.port}",
                "stop it first, with make down; or say the port that it was started on, by COACHWAY_PORT",
            )
        return False
    with console.step(f"Starting MiniStack on port {home.port}"):
        shutil.rmtree(home.directory / "tmp", ignore_errors=True)
        env = environment(home, auth=auth)
        processes.start(home, NAME, [str(python), "-m", "infra.local.emulator.emulator_server"], env, home.port)
        processes.wait_until_answers(home, NAME, f"{home.emulator_url}/_ministack/ready")
    return True


def stop(home: Home) -> bool:
    """Stop it in an orderly way: it saves its state while stopping."""
    return processes.stop(home, NAME, seconds=60)


def save(home: Home) -> None:
    """Have it write its state now, so that a crash later loses only what came after."""
    httpx.post(f"{home.emulator_url}/_local/save", timeout=60).raise_for_status()
