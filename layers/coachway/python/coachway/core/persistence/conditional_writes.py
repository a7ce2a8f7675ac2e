"""Writes of single records without a transaction: no events, no unique values.

For frequent writes such as positions, because a transaction costs twice as much.
"""

from pynamodb.exceptions import DeleteError, PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from coachway.core import errors
from coachway.core.persistence.records import Record
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import settings


def put_if_unchanged(record: Record) -> None:
    """Write a record if the stored version is still `record.version` (0: no record is stored). Increments the version.

    Raises ConcurrentUpdate if another request wrote the record since it was read.
    """
    condition = _version_condition(record)
    record.version += 1
    key = record.key()
    try:
        connection().put_item(settings.table_name(), key.pk, key.sk, attributes=to_item(record), condition=condition)
    except PutError as failure:
        record.version -= 1
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise errors.ConcurrentUpdate(f"Another request changed this {record.KIND.replace('_', ' ')}.") from None


def delete_if_unchanged(record: Record) -> None:
    """Delete a record permanently. Raises ConcurrentUpdate if another request wrote it since it was read."""
    key = record.key()
    try:
        connection().delete_item(settings.table_name(), key.pk, key.sk, condition=_version_condition(record))
    except DeleteError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise errors.ConcurrentUpdate(f"Another request changed this {record.KIND.replace('_', ' ')}.") from None


def _version_condition(record: Record) -> Condition:
    if record.version == 0:
        return Path("pk").does_not_exist()
    return Path("version") == {"N": str(record.version)}
