"""Start and stop the sandboxes of Stripe (localstripe), Twilio and Amazon Location beside the emulator."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import httpx

from infra.local import aws_clients, console, processes, python_environments
from infra.local.stack_config import StackConfig

PACKAGE = "infra.local.sandboxes"


def host_seen_by_functions(config: StackConfig) -> str:
    """The host name by which functions reach this machine: another one from inside LocalStack's container."""
    if config.target == "ministack":
        return "localhost"
    info = httpx.get(f"{config.emulator_url}/_localstack/info", timeout=10).json()
    return "host.docker.internal" if info.get("is_docker") else "localhost"


def start(config: StackConfig) -> None:
    """Start the sandboxes that are not running."""
    python = python_environments.ensure_environment("sandboxes") / "python"
    inherited = processes.inherited_environment()
    is_local = host_seen_by_functions(config) == "localhost"
    bind = ["--host", "127.0.0.1" if is_local else "0.0.0.0"]  # noqa: S104  # nosec B104
    data = config.subdirectory("sandboxes")
    sandboxes = {
        "stripe": (python, "stripe_sandbox", config.stripe_port, ["--file", str(data / "stripe.data")]),
        "sms": (sys.executable, "twilio_sandbox", config.sms_port, ["--file", str(data / "sms.json")]),
        "location": (sys.executable, "location_sandbox", config.location_port, []),
    }
    stopped = {name: sandbox for name, sandbox in sandboxes.items() if not processes.running_pid(config, name)}
    for name, (interpreter, module, port, options) in stopped.items():
        command = [str(interpreter), "-m", f"{PACKAGE}.{module}", "--port", str(port), *bind, *options]
        processes.start(config, name, command, inherited, port)
    if stopped:
        with console.report_step("Starting the sandboxes of Stripe, Twilio and Amazon Location"):
            for name, (_, _, port, _) in stopped.items():
                path = "messages" if name == "sms" else ""
                processes.wait_until_ready(config, name, f"http://127.0.0.1:{port}/{path}")


def restore_data(config: StackConfig, saved: Path) -> None:
    """Replace the data of the sandboxes, which are not running, by saved data, if there is any."""
    if saved.is_dir():
        data = config.directory / "sandboxes"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(saved, data)


def register_stripe_webhook(config: StackConfig) -> None:
    """Have the Stripe sandbox send its events to the deployment, signed with the deployment's own secret."""
    secret_id = f"coachway/{config.environment}/stripe"
    stored = aws_clients.client(config, "secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    webhook = {"url": f"{config.public_url}/api/v1/webhooks/stripe", "secret": json.loads(stored)["webhook_secret"]}
    httpx.post(f"{config.stripe_url}/_config/webhooks/coachway", json=webhook, timeout=10).raise_for_status()


def stop(config: StackConfig) -> bool:
    """Stop the sandboxes; False when none was running."""
    stopped = [processes.stop(config, name, seconds=5) for name in ("stripe", "sms", "location")]
    return any(stopped)
