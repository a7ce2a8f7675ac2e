"""Files that the product makes, in the deployment's bucket. Keys begin with what they are: `invoices/…`."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from coachway.core import errors


@cache
def _s3() -> Any:
    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
    return botocore.session.get_session().create_client("s3", config=config)


def _bucket() -> str:
    return os.environ["BUCKET_NAME"]


def put(key: str, content: bytes, content_type: str) -> None:
    """Write a file; one of the same key is replaced, and kept as an older version. Raises UpstreamUnavailable."""
    try:
        _s3().put_object(Bucket=_bucket(), Key=key, Body=content, ContentType=content_type)
    except (BotoCoreError, ClientError) as failure:
        raise errors.UpstreamUnavailable(f"the file could not be written ({type(failure).__name__})") from failure


def get(key: str) -> bytes:
    """A file's content. Raises NotFound when there is none, UpstreamUnavailable."""
    try:
        return bytes(_s3().get_object(Bucket=_bucket(), Key=key)["Body"].read())
    except ClientError as failure:
        if failure.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            raise errors.NotFound("there is no such file") from failure
        raise errors.UpstreamUnavailable(
            f"the file could not be read ({failure.response['Error']['Code']})"
        ) from failure
    except BotoCoreError as failure:
        raise errors.UpstreamUnavailable(f"the file could not be read ({type(failure).__name__})") from failure


def remove(key: str) -> None:
    """Take a file away for good, with all its older versions. Raises UpstreamUnavailable."""
    try:
        pages = _s3().get_paginator("list_object_versions").paginate(Bucket=_bucket(), Prefix=key)
        for result in pages:
            for each in [*result.get("Versions", ()), *result.get("DeleteMarkers", ())]:
                if each["Key"] == key:
                    _s3().delete_object(Bucket=_bucket(), Key=key, VersionId=each["VersionId"])
    except (BotoCoreError, ClientError) as failure:
        raise errors.UpstreamUnavailable(f"the file could not be removed ({type(failure).__name__})") from failure


def forget() -> None:
    """Forget the client, as a new process has none."""
    _s3.cache_clear()
