"""The outside services that the stack talks to, as processes beside the emulator: Stripe (localstripe) and Twilio."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx

from infra.local import aws_clients, console, processes, python_environments
from infra.local.stack_config import Home

HERE = Path(__file__).parent


def seen_as(home: Home) -> str:
    """The name by which functions reach this machine: another one from inside LocalStack's container."""
    if home.target == "ministack":
        return "localhost"
    info = httpx.get(f"{home.emulator_url}/_localstack/info", timeout=10).json()
    return "host.docker.internal" if info.get("is_docker") else "localhost"


def start(home: Home) -> None:
    """Start what is not running."""
    python = python_environments.ensure("sandboxes") / "python"
    passed_on = processes.inherited_environment()
    bind = ["--host", "127.0.0.1" if seen_as(home) == "localhost" else "0.0.0.0"]  # noqa: S104  # nosec B104
    started = False
    if not processes.running(home, "stripe"):
        command = [
            str(python),
            str(HERE / "stripe_sandbox.py"),
            "--port",
            str(home.stripe_port),
            *bind,
        ]
        command += ["--file", str(home.path("sandboxes") / "stripe.pickle")]
        processes.start(home, "stripe", command, passed_on, home.stripe_port)
        started = True
    if not processes.running(home, "sms"):
        command = [
            sys.executable,
            str(HERE / "twilio_sandbox.py"),
            "--port",
            str(home.sms_port),
            *bind,
        ]
        command += ["--file", str(home.path("sandboxes") / "sms.json")]
        processes.start(home, "sms", command, passed_on, home.sms_port)
        started = True
    if started:
        with console.step("Starting the sandboxes of Stripe and Twilio"):
            processes.wait_until_answers(home, "stripe", f"http://127.0.0.1:{home.stripe_port}/")
            processes.wait_until_answers(home, "sms", f"http://127.0.0.1:{home.sms_port}/messages")


def introduce(home: Home) -> None:
    """Have Stripe tell the deployment what happens there, signed with the deployment's own secret."""
    named = f"coachway/{home.environment}/stripe"
    secret = json.loads(aws_clients.client(home, "secretsmanager").get_secret_value(SecretId=named)["SecretString"])
    told = {"url": f"{home.public_url}/api/v1/webhooks/stripe", "secret": secret["webhook_secret"]}
    httpx.post(f"{home.stripe_url}/_config/webhooks/coachway", json=told, timeout=10).raise_for_status()


def stop(home: Home) -> bool:
    """Stop both."""
    stopped = [processes.stop(home, name, seconds=5) for name in ("stripe", "sms")]
    return any(stopped)
