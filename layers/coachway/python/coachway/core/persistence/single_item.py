"""Records that are written by themselves, without events, unique values or anything that goes with them.

What comes by the thousand and says nothing to anybody else need not pay for a transaction, which costs twice as much.
"""

from __future__ import annotations

from pynamodb.exceptions import DeleteError, PutError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from coachway.core import errors
from coachway.core.persistence.records import Record
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import settings


def put_if_unchanged(record: Record) -> None:
    """Write a record over the version that it was read in; 0 is one that was not there. It then has the next version.

    Raises ConcurrentUpdate when somebody else has written it since.
    """
    condition = _version_condition(record)
    record.version += 1
    place = record.key()
    try:
        connection().put_item(
            settings.table_name(), place.pk, place.sk, attributes=to_item(record), condition=condition
        )
    except PutError as failure:
        record.version -= 1
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise errors.ConcurrentUpdate(f"this {record.KIND} was written by somebody else") from None


def delete_if_unchanged(record: Record) -> None:
    """Take a record away for good. Raises ConcurrentUpdate when somebody else has written it since it was read."""
    place = record.key()
    try:
        connection().delete_item(settings.table_name(), place.pk, place.sk, condition=_version_condition(record))
    except DeleteError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise errors.ConcurrentUpdate(f"this {record.KIND} was written by somebody else") from None


def _version_condition(record: Record) -> Condition:
    if record.version == 0:
        return Path("pk").does_not_exist()
    return Path("version") == {"N": str(record.version)}
