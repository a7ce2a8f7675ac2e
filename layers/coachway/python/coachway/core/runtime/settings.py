"""Settings of the deployment, from environment variables in `template.yaml` and from Parameter Store."""

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider


def table_name() -> str:
    """Return the name of the DynamoDB table."""
    return os.environ["TABLE_NAME"]


def environment() -> str:
    """Return `local`, `localstack`, `staging` or `prod`."""
    return os.environ.get("ENVIRONMENT", "local")


def allowed_origins() -> frozenset[str]:
    """Return the browser origins that may call the API with credentials."""
    return frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))


def configured_public_url() -> str:
    """Return the public URL that was configured for the deployment; empty if it uses the URL of API Gateway."""
    return os.environ.get("PUBLIC_URL", "").rstrip("/")


def clients_per_ip_address() -> int:
    """Return the number of clients expected behind one IP address. Rate limits by address are multiplied by it."""
    return int(os.environ.get("CLIENTS_PER_ADDRESS", "1"))


def message_limit_factor() -> int:
    """Return the factor of the limits of messages. It is larger than one on emulators only, for demo data and tests."""
    return int(os.environ.get("MESSAGE_LIMIT_FACTOR", "1"))


def password_memory_kib() -> int:
    """Return the memory in KiB that hashing a password takes. It is smaller on emulators only, to make tests faster."""
    return int(os.environ.get("PASSWORD_MEMORY_KIB", "38912"))


@cache
def root_secret() -> bytes:
    """Return the secret of the deployment. It signs links and one-time codes and encrypts the signing keys.

    Only functions with a grant can read it. Cached for the lifetime of the process.
    """
    from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider

    value = SecretsProvider().get(os.environ["ROOT_SECRET_ARN"])
    if isinstance(value, bytes):
        return value
    return str(value).encode()


@cache
def _parameters() -> "SSMProvider":
    from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider

    return SSMProvider()


def public_url() -> str:
    """Return the public URL of the deployment (`https://…/live`), without a trailing slash. Cached for five minutes."""
    return str(_parameters().get(os.environ["PUBLIC_URL_PARAMETER"], max_age=300)).rstrip("/")
