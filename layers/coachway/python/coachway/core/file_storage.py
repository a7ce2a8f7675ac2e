"""Generated files in the S3 bucket of the deployment. Keys start with the type of file, such as `invoices/…`."""

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


def put_file(key: str, content: bytes, content_type: str) -> None:
    """Write a file. An existing file with this key becomes an older version. Raises UpstreamUnavailable."""
    try:
        _s3().put_object(Bucket=_bucket(), Key=key, Body=content, ContentType=content_type)
    except (BotoCoreError, ClientError) as failure:
        detail = f"The file could not be written ({type(failure).__name__}). Retry."
        raise errors.UpstreamUnavailable(detail) from failure


def get_file(key: str) -> bytes:
    """Return the content of a file. Raises NotFound or UpstreamUnavailable."""
    try:
        return bytes(_s3().get_object(Bucket=_bucket(), Key=key)["Body"].read())
    except ClientError as failure:
        if failure.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            raise errors.NotFound("The file was not found.") from failure
        detail = f"The file could not be read ({failure.response['Error']['Code']}). Retry."
        raise errors.UpstreamUnavailable(detail) from failure
    except BotoCoreError as failure:
        detail = f"The file could not be read ({type(failure).__name__}). Retry."
        raise errors.UpstreamUnavailable(detail) from failure


def remove_file(key: str) -> None:
    """Delete a file permanently, with all its older versions. Raises UpstreamUnavailable."""
    try:
        pages = _s3().get_paginator("list_object_versions").paginate(Bucket=_bucket(), Prefix=key)
        for result in pages:
            for version in [*result.get("Versions", ()), *result.get("DeleteMarkers", ())]:
                if version["Key"] == key:
                    _s3().delete_object(Bucket=_bucket(), Key=key, VersionId=version["VersionId"])
    except (BotoCoreError, ClientError) as failure:
        detail = f"The file could not be deleted ({type(failure).__name__}). Retry."
        raise errors.UpstreamUnavailable(detail) from failure


def clear_client_cache() -> None:
    """Clear the cached S3 client, as in a new process."""
    _s3.cache_clear()
