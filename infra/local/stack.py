"""Up and down: everything that makes a stack, in order, and the file that says where it is."""

from __future__ import annotations

import json
from typing import Any

from infra.local import console, demo, processes
from infra.local.deployment import stack_deployment
from infra.local.emulator import emulator_process
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import Home


def addresses(home: Home) -> dict[str, str]:
    """Where everything listens."""
    return {
        "api_url": f"{home.public_url}/api/v1",
        "docs_url": f"{home.public_url}/api/v1/docs",
        "pages_url": f"{home.public_url}/pages",
        "emulator_url": home.emulator_url,
        "stripe_url": home.stripe_url,
        "sms_url": home.sms_url,
    }


def up(home: Home, *, auth: bool = False, with_demo: bool = True) -> dict[str, Any]:
    """Start, deploy and fill a stack as far as needed; returns what `stack.json` says."""
    if home.target == "ministack":
        emulator_process.start(home, auth=auth)
    else:
        _expect(home)
    sandbox_processes.start(home)
    deployed = stack_deployment.deploy(home)
    sandbox_processes.introduce(home)
    known = read(home)
    users = known.get("users", [])
    if with_demo and (not users or not demo.is_loaded(home, users)):
        with console.step("Loading demo data"):
            users = demo.load(home)
    description = {**addresses(home), "users": users}
    written = home.stack_file.with_suffix(".new")
    written.write_text(json.dumps(description, indent=2) + "\n")
    written.replace(home.stack_file)
    if home.target == "ministack" and (deployed or description != known):
        emulator_process.save(home)
    return description


def down(home: Home) -> bool:
    """Stop what runs, state saved; False when nothing did."""
    stopped = [sandbox_processes.stop(home), emulator_process.stop(home)]
    return any(stopped)


def read(home: Home) -> dict[str, Any]:
    """The stack file, empty when there is none or it is damaged."""
    try:
        content: dict[str, Any] = json.loads(home.stack_file.read_text())
    except (OSError, ValueError):
        return {}
    return content


def _expect(home: Home) -> None:
    """LocalStack is started by whoever has it; here it only has to answer."""
    if not processes.port_taken(home.port):
        raise console.Failed(
            f"nothing answers at {home.emulator_url}",
            "start LocalStack first: docker compose -f infra/localstack/compose.yaml up -d",
        )
