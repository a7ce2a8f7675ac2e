"""Start and stop the sandboxes of Stripe (localstripe) and Twilio beside the emulator."""

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
    data, is_started = config.subdirectory("sandboxes"), False
    if not processes.running_pid(config, "stripe"):
        command = [str(python), "-m", f"{PACKAGE}.stripe_sandbox", "--port", str(config.stripe_port), *bind]
        command += ["--file", str(data / "stripe.data")]
        processes.start(config, "stripe", command, inherited, config.stripe_port)
        is_started = True
    if not processes.running_pid(config, "sms"):
        command = [sys.executable, "-m", f"{PACKAGE}.twilio_sandbox", "--port", str(config.sms_port), *bind]
        command += ["--file", str(data / "sms.json")]
        processes.start(config, "sms", command, inherited, config.sms_port)
        is_started = True
    if is_started:
        with console.report_step("Starting the sandboxes of Stripe and Twilio"):
            processes.wait_until_ready(config, "stripe", f"http://127.0.0.1:{config.stripe_port}/")
            processes.wait_until_ready(config, "sms", f"http://127.0.0.1:{config.sms_port}/messages")


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
    """Stop both sandboxes; False when none was running."""
    stopped = [processes.stop(config, name, seconds=5) for name in ("stripe", "sms")]
    return any(stopped)
