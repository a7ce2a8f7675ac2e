"""Clients of AWS's services, emulated or real, for tools and tests."""

from __future__ import annotations

import os
from typing import Any

import boto3
from localstack_client.session import Session

from infra.local.stack_config import REGION, Home


def session(emulator_url: str) -> Session:
    """A session whose clients all talk to the emulator at `emulator_url`."""
    return Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed root
        region_name=REGION,
        localstack_host=emulator_url.partition("://")[2],
    )


def client(home: Home, service: str) -> Any:
    """A client of one service of this home's emulator, or of AWS by the credentials at hand."""
    if home.target == "aws":
        return boto3.client(service, region_name=_region())
    return session(home.emulator_url).client(service)


def environment(home: Home) -> dict[str, str]:
    """What makes the product's own code, in this process, work on this home's stack: on an emulator as its root."""
    if home.target == "aws":
        return {"AWS_DEFAULT_REGION": _region()}
    return {
        "AWS_ENDPOINT_URL": home.emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def _region() -> str:
    return os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or REGION
