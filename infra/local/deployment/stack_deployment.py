"""Deploy the stack with `sam deploy`, to an emulator or to AWS, and read its outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local import atomic_file, aws_clients, console, processes, python_environments
from infra.local.deployment import sam_package
from infra.local.emulator import emulator_process
from infra.local.layers import builder
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import REGION, ROOT, StackConfig

MAIL_IDENTITY = "coachway.example"
LAMBDA_RUNTIME = "python3.13"
"""The runtime on AWS and on LocalStack; MiniStack runs functions on its own interpreter."""
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def template_parameters(config: StackConfig) -> dict[str, str]:
    """The template's parameters on an emulator; only addresses differ from AWS."""
    sandbox_host = sandbox_processes.host_seen_by_functions(config)
    return {
        "Environment": config.environment,
        "PythonRuntime": f"python{function_platform(config).python}",
        "Architecture": "arm64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64",
        "PublicUrl": config.public_url,
        "AllowedOrigins": config.emulator_url,
        "ClientsPerAddress": "1000",  # all clients of an emulator share this machine's address
        "MailIdentity": MAIL_IDENTITY,
        "StripeApiBase": f"http://{sandbox_host}:{config.stripe_port}",
        "StripeScript": f"{config.stripe_url}/js.stripe.com/v3/",  # loaded by browsers
        "TwilioApiBase": f"http://{sandbox_host}:{config.sms_port}",
        "LocationApiBase": f"http://{sandbox_host}:{config.location_port}",
    }


def function_platform(config: StackConfig) -> builder.Platform:
    """The platform that the functions run on."""
    if config.target == "ministack":
        return builder.Platform("local")
    return builder.Platform.linux(LAMBDA_RUNTIME)


def deploy_to_emulator(config: StackConfig) -> None:
    """Deploy unless the same package and parameters are deployed already."""
    package = sam_package.build_package(function_platform(config))
    parameters = template_parameters(config)
    deployment = {"stage": package.name, "parameters": parameters}
    record = config.directory / "deployed.json"
    if _stack_status(config) in COMPLETE and record.exists() and json.loads(record.read_text()) == deployment:
        return
    sam = python_environments.ensure_environment("sam") / "sam"
    with console.report_step(f"Deploying the stack {config.stack_name}"):
        record.unlink(missing_ok=True)
        bucket = _ensure_artifact_bucket(config)
        _remove_stale_stack(config)
        template = str(package / sam_package.TEMPLATE)
        _run_sam(config, [str(sam), "deploy", "--template-file", template, "--s3-bucket", bucket], parameters)
        aws_clients.client(config, "ses").verify_domain_identity(Domain=MAIL_IDENTITY)
        if config.target == "ministack":
            emulator_process.save_state(config)  # The record must not survive a crash that the deployment does not.
        atomic_file.replace_file(record, json.dumps(deployment).encode())


def deploy_to_aws(config: StackConfig) -> None:
    """Deploy with the current AWS credentials, as `samconfig.toml` configures `staging` or `prod`; then exit."""
    package = sam_package.build_package(builder.Platform.aws(LAMBDA_RUNTIME))
    sam = python_environments.ensure_environment("sam") / "sam"
    command = [str(sam), "deploy", "--template-file", str(package / sam_package.TEMPLATE)]
    process = subprocess.run(
        [*command, "--config-file", str(ROOT / "samconfig.toml"), "--config-env", config.environment],
        cwd=ROOT,
        check=False,
    )
    sys.exit(process.returncode)


def read_outputs(config: StackConfig) -> dict[str, str]:
    """The stack's outputs. Raises CommandError when the stack cannot be read."""
    try:
        stack = aws_clients.client(config, "cloudformation").describe_stacks(StackName=config.stack_name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        advice = "log in to its AWS account first" if config.target == "aws" else "start it first: make up"
        raise console.CommandError(f"the stack {config.stack_name} cannot be read: {error}", advice) from None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _stack_status(config: StackConfig) -> str:
    cloudformation = aws_clients.client(config, "cloudformation")
    try:
        response: Mapping[str, Any] = cloudformation.describe_stacks(StackName=config.stack_name)
    except ClientError:
        return ""
    return str(response["Stacks"][0]["StackStatus"])


def _remove_stale_stack(config: StackConfig) -> None:
    """Delete a stack that cannot be updated: one whose creation failed, and on LocalStack every one."""
    status = _stack_status(config)
    if status in ("", "DELETE_COMPLETE"):
        return
    if config.target == "localstack":
        console.print_line("LocalStack cannot update an API; recreating the stack without its data")
        _delete_stack(config)
        _delete_retained_resources(config)
    elif status != "CREATE_COMPLETE" and not status.startswith("UPDATE_"):
        console.print_line(f"Deleting a stack in status {status}")
        _delete_stack(config)


def _delete_stack(config: StackConfig) -> None:
    aws_clients.client(config, "cloudformation").delete_stack(StackName=config.stack_name)
    deadline = time.monotonic() + 120
    while _stack_status(config) not in ("", "DELETE_COMPLETE") and time.monotonic() < deadline:
        time.sleep(0.2)


def _delete_retained_resources(config: StackConfig) -> None:
    """Delete the table and the buckets, which the template retains and a new stack would collide with."""
    dynamodb, s3 = aws_clients.client(config, "dynamodb"), aws_clients.client(config, "s3")
    for table in dynamodb.list_tables()["TableNames"]:
        if table == f"coachway-{config.environment}":
            dynamodb.delete_table(TableName=table)
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if name.startswith(f"coachway-{config.environment}-"):
            for version in s3.list_object_versions(Bucket=name).get("Versions", []):
                s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
            s3.delete_bucket(Bucket=name)


def _ensure_artifact_bucket(config: StackConfig) -> str:
    """Create the bucket that `sam` uploads to, if missing; returns its name."""
    name = f"coachway-artifacts-{config.environment}"
    s3 = aws_clients.client(config, "s3")
    if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=name)
    return name


def _run_sam(config: StackConfig, command: list[str], parameters: Mapping[str, str]) -> None:
    log = config.log_file("deploy")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AWS_ENDPOINT_URL": config.emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
    }
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    options = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", config.environment]
    with log.open("w") as output:
        try:
            status = subprocess.call(
                [*command, *options, "--parameter-overrides", *overrides],
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
        raise console.CommandError(
            f"the deployment failed:\n{processes.read_tail(log, 40)}", f"see the whole log: {log}"
        )
