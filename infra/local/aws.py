"""Clients of the emulated AWS services, for tools and tests."""

from __future__ import annotations

from typing import Any

from localstack_client.session import Session

from infra.local.home import REGION, Home


def session(emulator_url: str) -> Session:
    """A session whose clients all talk to the emulator at `emulator_url`."""
    return Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed root
        region_name=REGION,
        localstack_host=emulator_url.partition("://")[2],
    )


def client(home: Home, service: str) -> Any:
    """A client of one service of this home's emulator."""
    return session(home.emulator_url).client(service)


def environment(home: Home) -> dict[str, str]:
    """What makes the product's own code, in this process, talk to this home's emulator as its root."""
    return {
        "AWS_ENDPOINT_URL": home.emulator_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
