"""Start and stop a whole stack, and the file that describes a running one."""

from __future__ import annotations

import json
from typing import Any

from infra.local import console, demo, processes
from infra.local.deployment import stack_deployment
from infra.local.emulator import emulator_process
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import StackConfig


def stack_urls(config: StackConfig) -> dict[str, str]:
    """The URLs of everything that listens."""
    return {
        "api_url": f"{config.public_url}/api/v1",
        "docs_url": f"{config.public_url}/api/v1/docs",
        "pages_url": f"{config.public_url}/pages",
        "emulator_url": config.emulator_url,
        "stripe_url": config.stripe_url,
        "sms_url": config.sms_url,
    }


def start_stack(config: StackConfig, *, with_demo: bool = True) -> dict[str, Any]:
    """Start, deploy and fill a stack as far as it is not yet; returns the content of `stack.json`."""
    if config.target == "ministack":
        emulator_process.start(config)
    else:
        _require_localstack(config)
    sandbox_processes.start(config)
    is_changed = stack_deployment.deploy_to_emulator(config)
    sandbox_processes.register_stripe_webhook(config)
    previous = read_stack_file(config)
    users = previous.get("users", [])
    if with_demo and (not users or not demo.is_loaded(config, users)):
        with console.report_step("Loading demo data"):
            users = demo.load_demo(config)
    description = {**stack_urls(config), "users": users}
    scratch = config.stack_file.with_suffix(".new")
    scratch.write_text(json.dumps(description, indent=2) + "\n")
    scratch.replace(config.stack_file)
    if config.target == "ministack" and (is_changed or description != previous):
        emulator_process.save_state(config)
    return description


def stop_stack(config: StackConfig) -> bool:
    """Stop all processes after the emulator saved its state; False when none was running."""
    stopped = [sandbox_processes.stop(config), emulator_process.stop(config)]
    return any(stopped)


def is_running(config: StackConfig) -> bool:
    """Whether something answers on the emulator's port."""
    return processes.is_port_in_use(config.port)


def read_stack_file(config: StackConfig) -> dict[str, Any]:
    """Read `stack.json`; empty when it does not exist or is damaged."""
    try:
        content: dict[str, Any] = json.loads(config.stack_file.read_text())
    except (OSError, ValueError):
        return {}
    return content


def _require_localstack(config: StackConfig) -> None:
    """LocalStack is not started by these commands; it only has to answer."""
    if not is_running(config):
        raise console.CommandError(
            f"LocalStack does not answer at {config.emulator_url}",
            "start it first: docker compose -f infra/localstack/compose.yaml up -d --wait",
        )
