"""`sam deploy` onto an emulator, or onto AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local import aws, environments, layers, processes, say, stage
from infra.local.home import REGION, ROOT, Home

MAIL_IDENTITY = "coachway.example"


def parameters(home: Home) -> dict[str, str]:
    """What the template is told on an emulator; only addresses differ from AWS."""
    return {
        "Environment": home.environment,
        "PythonRuntime": f"python{layers.Platform('local').python}",
        "Architecture": "x86_64" if os.uname().machine == "x86_64" else "arm64",
        "PublicUrl": home.public_url,
        "AllowedOrigins": home.emulator_url,
        "MailIdentity": MAIL_IDENTITY,
        "StripeApiBase": home.stripe_url,
        "TwilioApiBase": home.sms_url,
    }


def deploy(home: Home) -> bool:
    """Bring the emulator's stack up to date; False when it was already."""
    staged = stage.build(layers.Platform("local"))
    values = parameters(home)
    wanted = {"stage": staged.name, "parameters": values}
    record = home.directory / "deployed.json"
    if _is_deployed(home) and record.exists() and json.loads(record.read_text()) == wanted:
        return False
    sam = environments.ensure("sam") / "sam"
    with say.step(f"Deploying the stack {home.stack_name}"):
        record.unlink(missing_ok=True)
        bucket = _artifacts(home)
        _remove_failed(home)
        _sam(
            home,
            [str(sam), "deploy", "--template-file", str(staged / stage.TEMPLATE), "--s3-bucket", bucket],
            values,
        )
        aws.client(home, "ses").verify_domain_identity(Domain=MAIL_IDENTITY)
        record.write_text(json.dumps(wanted))
    return True


def outputs(home: Home) -> dict[str, str]:
    """The stack's outputs."""
    stack = aws.client(home, "cloudformation").describe_stacks(StackName=home.stack_name)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def _status(home: Home) -> str:
    try:
        answer: Mapping[str, Any] = aws.client(home, "cloudformation").describe_stacks(StackName=home.stack_name)
    except ClientError:
        return ""
    return str(answer["Stacks"][0]["StackStatus"])


def _is_deployed(home: Home) -> bool:
    return _status(home) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def _remove_failed(home: Home) -> None:
    """A stack whose first creation failed, or was cut short, cannot be updated; nothing is lost with it."""
    status = _status(home)
    if status in ("", "CREATE_COMPLETE") or status.startswith("UPDATE_"):
        return
    say.line(f"removing a stack that was left in {status}")
    cloudformation = aws.client(home, "cloudformation")
    cloudformation.delete_stack(StackName=home.stack_name)
    deadline = time.monotonic() + 60
    while _status(home) not in ("", "DELETE_COMPLETE") and time.monotonic() < deadline:
        time.sleep(0.2)


def _artifacts(home: Home) -> str:
    """The bucket that `sam` uploads to."""
    name = f"coachway-artifacts-{home.environment}"
    s3 = aws.client(home, "s3")
    if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=name)
    return name


def _sam(home: Home, command: list[str], values: Mapping[str, str]) -> None:
    log = home.log("deploy")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AWS_ENDPOINT_URL": home.emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
    }
    overrides = [f"{name}={value}" for name, value in values.items()]
    config = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", home.environment]
    with log.open("w") as output:
        done = subprocess.run(
            [*command, *config, "--parameter-overrides", *overrides],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise say.Failed(f"the deployment failed:\n{processes.tail(log, 40)}", f"the whole log is {log}")


def to_aws(environment: str) -> None:
    """Deploy to the AWS account of the credentials at hand, as `samconfig.toml` says for `staging` or `prod`."""
    runtime = os.environ.get("PYTHON_RUNTIME", "python3.13")
    staged: Path = stage.build(layers.Platform.aws(runtime))
    sam = environments.ensure("sam") / "sam"
    command = [str(sam), "deploy", "--template-file", str(staged / stage.TEMPLATE)]
    done = subprocess.run(
        [*command, "--config-file", str(ROOT / "samconfig.toml"), "--config-env", environment], cwd=ROOT, check=False
    )
    sys.exit(done.returncode)
