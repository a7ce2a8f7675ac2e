"""Start and stop a whole stack, and the file that describes a running one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from infra.local import atomic_file, aws_clients, console, demo, processes
from infra.local.deployment import stack_deployment
from infra.local.emulator import emulator_process
from infra.local.operations import workflow_redrive
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
        "location_url": config.location_url,
    }


def start_stack(config: StackConfig, *, with_demo: bool = True) -> dict[str, Any]:
    """Start, deploy and fill a stack as far as it is not yet; returns the content of `stack.json`."""
    starts_emulator = config.target == "ministack" and not processes.running_pid(config, emulator_process.NAME)
    if starts_emulator:
        # The sandboxes continue with the data that was saved together with the emulator's state.
        sandbox_processes.stop(config)
        sandbox_processes.restore_data(config, emulator_process.saved_state(config) / "sandboxes")
    if config.target == "ministack":
        emulator_process.start(config)
    else:
        _require_localstack(config)
    sandbox_processes.start(config)
    stack_deployment.deploy_to_emulator(config)
    sandbox_processes.register_stripe_webhook(config)
    if starts_emulator:
        workflow_redrive.restart_interrupted_executions(aws_clients.client, config)
    previous = read_stack_file(config)
    users = previous.get("users", [])
    if with_demo and (not users or not demo.is_loaded(config, users)):
        with console.report_step("Loading demo data"):
            users = demo.load_demo(config)
    description = {**stack_urls(config), "users": users}
    atomic_file.replace_file(config.stack_file, (json.dumps(description, indent=2) + "\n").encode())
    if config.target == "ministack" and description != previous:
        emulator_process.save_state(config)
    return description


def stop_stack(config: StackConfig, *, with_data: bool = True) -> bool:
    """Stop all processes after the state was saved; False when none was running.

    Raises CommandError when the state cannot be saved: then everything keeps running. `with_data=False` stops anyway.
    """
    config = running_config(config)
    is_saved = with_data and processes.running_pid(config, emulator_process.NAME) is not None
    if is_saved:
        emulator_process.save_state(config)
    snapshot = emulator_process.saved_state(config).resolve()
    stopped = [sandbox_processes.stop(config), emulator_process.stop(config)]
    if is_saved and emulator_process.saved_state(config).resolve() == snapshot:
        raise console.CommandError(
            "the stack is stopped, but its changes of the last seconds could not be saved",
            f"see why in its log: {config.log_file(emulator_process.NAME)}",
        )
    return any(stopped)


def running_config(config: StackConfig) -> StackConfig:
    """The configuration with the port that the stack was started on, whatever COACHWAY_PORT is now."""
    url = read_stack_file(config).get("emulator_url")
    return replace(config, port=int(url.rpartition(":")[2])) if url else config


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
