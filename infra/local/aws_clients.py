"""Clients of AWS services, emulated or real, for tools and tests."""

from __future__ import annotations

import os
from typing import Any

import boto3
from localstack_client.session import Session

from infra.local.stack_config import REGION, StackConfig


def session(emulator_url: str) -> Session:
    """A session whose clients use the emulator at `emulator_url`."""
    return Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed root credentials
        region_name=REGION,
        localstack_host=emulator_url.partition("://")[2],
    )


def client(config: StackConfig, service: str) -> Any:
    """A client of a service on the stack's emulator, or on AWS with the current credentials."""
    if config.target == "aws":
        return boto3.client(service, region_name=_aws_region())
    return session(config.emulator_url).client(service)


def environment_variables(config: StackConfig) -> dict[str, str]:
    """Variables with which product code in this process uses the stack; on an emulator with root credentials."""
    if config.target == "aws":
        return {"AWS_DEFAULT_REGION": _aws_region()}
    return {
        "AWS_ENDPOINT_URL": config.emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def _aws_region() -> str:
    return os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or REGION
