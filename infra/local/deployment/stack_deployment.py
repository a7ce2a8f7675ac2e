"""`sam deploy` onto an emulator, or onto AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local import aws_clients, console, processes, python_environments
from infra.local.deployment import sam_package
from infra.local.layers import layer_archives
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import REGION, ROOT, Home

MAIL_IDENTITY = "coachway.example"
LAMBDA_RUNTIME = "python3.13"
"""Of the functions on AWS and on LocalStack; MiniStack runs them on its own interpreter."""


def parameters(home: Home) -> dict[str, str]:
    """What the template is told on an emulator; only addresses differ from AWS."""
    return {
        "Environment": home.environment,
        "PythonRuntime": f"python{platform(home).python}",
        "Architecture": "arm64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64",
        "PublicUrl": home.public_url,
        "AllowedOrigins": home.emulator_url,
        "ClientsPerAddress": "1000",  # every client of an emulator has this machine's
        "MailIdentity": MAIL_IDENTITY,
        "StripeApiBase": f"http://{sandbox_processes.seen_as(home)}:{home.stripe_port}",
        "StripeScript": f"{home.stripe_url}/js.stripe.com/v3/",  # asked for by browsers
        "TwilioApiBase": f"http://{sandbox_processes.seen_as(home)}:{home.sms_port}",
    }


def platform(home: Home) -> layer_archives.Platform:
    """What the functions run on."""
    return (
        layer_archives.Platform("local")
        if home.target == "ministack"
        else layer_archives.Platform.linux(LAMBDA_RUNTIME)
    )


def deploy(home: Home) -> bool:
    """Bring the emulator's stack up to date; False when it was already."""
    staged = sam_package.build(platform(home))
    values = parameters(home)
    wanted = {"stage": staged.name, "parameters": values}
    record = home.directory / "deployed.json"
    if _is_deployed(home) and record.exists() and json.loads(record.read_text()) == wanted:
        return False
    sam = python_environments.ensure("sam") / "sam"
    with console.step(f"Deploying the stack {home.stack_name}"):
        record.unlink(missing_ok=True)
        bucket = _artifacts(home)
        _clear(home)
        _sam(
            home,
            [str(sam), "deploy", "--template-file", str(staged / sam_package.TEMPLATE), "--s3-bucket", bucket],
            values,
        )
        aws_clients.client(home, "ses").verify_domain_identity(Domain=MAIL_IDENTITY)
        record.write_text(json.dumps(wanted))
    return True


def outputs(home: Home) -> dict[str, str]:
    """The stack's outputs. Raises Failed when there is no such stack, or nobody to ask."""
    try:
        stack = aws_clients.client(home, "cloudformation").describe_stacks(StackName=home.stack_name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        advice = "log in to its account first" if home.target == "aws" else "start it first: make up"
        raise console.Failed(f"the stack {home.stack_name} cannot be found: {error}", advice) from None
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def _status(home: Home) -> str:
    try:
        answer: Mapping[str, Any] = aws_clients.client(home, "cloudformation").describe_stacks(
            StackName=home.stack_name
        )
    except ClientError:
        return ""
    return str(answer["Stacks"][0]["StackStatus"])


def _is_deployed(home: Home) -> bool:
    return _status(home) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def _clear(home: Home) -> None:
    """Remove a stack that cannot be updated: one whose first creation failed, and on LocalStack any."""
    status = _status(home)
    if status in ("", "DELETE_COMPLETE"):
        return
    if home.target == "localstack":
        console.line("LocalStack cannot change an API: the stack is made anew, without its data")
        _delete(home)
        _delete_retained(home)
    elif status != "CREATE_COMPLETE" and not status.startswith("UPDATE_"):
        console.line(f"removing a stack that was left in {status}")
        _delete(home)


def _delete(home: Home) -> None:
    aws_clients.client(home, "cloudformation").delete_stack(StackName=home.stack_name)
    deadline = time.monotonic() + 120
    while _status(home) not in ("", "DELETE_COMPLETE") and time.monotonic() < deadline:
        time.sleep(0.2)


def _delete_retained(home: Home) -> None:
    """What a deletion leaves on purpose, and a creation would stumble over."""
    dynamodb, s3 = aws_clients.client(home, "dynamodb"), aws_clients.client(home, "s3")
    for table in dynamodb.list_tables()["TableNames"]:
        if table == f"coachway-{home.environment}":
            dynamodb.delete_table(TableName=table)
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if name.startswith(f"coachway-{home.environment}-"):
            for version in s3.list_object_versions(Bucket=name).get("Versions", []):
                s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
            s3.delete_bucket(Bucket=name)


def _artifacts(home: Home) -> str:
    """The bucket that `sam` uploads to."""
    name = f"coachway-artifacts-{home.environment}"
    s3 = aws_clients.client(home, "s3")
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
        try:
            status = subprocess.call(
                [*command, *config, "--parameter-overrides", *overrides],
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=300,
            )
        except subprocess.TimeoutExpired:
            status = 1
    if status:
        raise console.Failed(f"the deployment failed:\n{processes.tail(log, 40)}", f"the whole log is {log}")


def to_aws(home: Home) -> None:
    """Deploy to the AWS account of the credentials at hand, as `samconfig.toml` says for `staging` or `prod`."""
    staged = sam_package.build(layer_archives.Platform.aws(LAMBDA_RUNTIME))
    sam = python_environments.ensure("sam") / "sam"
    command = [str(sam), "deploy", "--template-file", str(staged / sam_package.TEMPLATE)]
    done = subprocess.run(
        [*command, "--config-file", str(ROOT / "samconfig.toml"), "--config-env", home.environment],
        cwd=ROOT,
        check=False,
    )
    sys.exit(done.returncode)
