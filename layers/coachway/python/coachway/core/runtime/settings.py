"""What the deployment tells a function, by environment variables set in `template.yaml`."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider


def table_name() -> str:
    """The one table."""
    return os.environ["TABLE_NAME"]


def environment() -> str:
    """`local`, `localstack`, `staging` or `prod`."""
    return os.environ.get("ENVIRONMENT", "local")


def allowed_origins() -> frozenset[str]:
    """Browser origins that may call the API with credentials."""
    return frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))


def own_address() -> str:
    """Where people reach the deployment, if the deployment was given an address; empty for the gateway's own."""
    return os.environ.get("PUBLIC_URL", "").rstrip("/")


def clients_per_address() -> int:
    """How many people one address stands for: limits by address are so many times wider."""
    return int(os.environ.get("CLIENTS_PER_ADDRESS", "1"))


@cache
def root_secret() -> bytes:
    """The deployment's own secret: links, one-time codes and the wrapping of signing keys derive from it.

    Only functions whose policy grants it can read it. Cached for the life of the process.
    """
    from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider

    value = SecretsProvider().get(os.environ["ROOT_SECRET_ARN"])
    if isinstance(value, bytes):
        return value
    return str(value).encode()


@cache
def _parameters() -> SSMProvider:
    from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider

    return SSMProvider()


def public_url() -> str:
    """Where people reach the deployment (`https://…/live`), without a trailing slash; cached five minutes."""
    return str(_parameters().get(os.environ["PUBLIC_URL_PARAMETER"], max_age=300)).rstrip("/")
