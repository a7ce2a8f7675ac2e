"""Commits that grant lasting rights, such as API keys, are conditional on the rights of the caller.

An access token lives for minutes and a verified API key is cached, so a caller may have lost the rights that they show.
Routes with `grants_rights` read the caller's records again. Their commits fail if one of these records changes in
between.
"""

from collections.abc import Sequence

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create, Op, Refresh, Remove, Update
from coachway.core.persistence.records import Key, Record

RecordOp = Create | Update | Refresh | Remove | CheckVersion


class RightsChanged(errors.Conflict):
    """The records that give the caller their rights changed during the request. The request is tried again."""


def rights_ops(caller: Caller, ops: Sequence[Op]) -> list[CheckVersion]:
    """Return operations that fail with RightsChanged if the caller's rights changed since they were read.

    There are none unless `ops` grant rights. Raises RuntimeError if the route does not read the caller's rights again.
    """
    granted = [op for op in ops if isinstance(op, Create | Update) and _grants_rights(op)]
    if not granted:
        return []
    if caller.has_cached_rights and not caller.rights_records:
        kinds = ", ".join(sorted({_get_record(op).KIND for op in granted}))
        raise RuntimeError(f"Writing {kinds} grants rights: declare `grants_rights` on the route.")
    ops_by_key = {_get_record(op).key(): op for op in ops if isinstance(op, RecordOp)}
    error = RightsChanged("Your rights were changed at the same time. Retry.")
    for record in caller.rights_records:
        _require_same_version(record, ops_by_key, error)
    return [CheckVersion(record, error) for record in caller.rights_records if record.key() not in ops_by_key]


def _grants_rights(op: Create | Update) -> bool:
    return _get_record(op).GRANTS_RIGHTS


def _get_record(op: RecordOp) -> Record:
    match op:
        case Create(record) | Remove(record) | CheckVersion(record):
            return record
        case Update(_, after) | Refresh(_, after):
            return after


def _require_same_version(record: Record, ops_by_key: dict[Key, RecordOp], error: RightsChanged) -> None:
    """Raise `error` if the transaction expects another version of `record` than the one that gave the rights."""
    op = ops_by_key.get(record.key())
    before = (
        op.before if isinstance(op, Update | Refresh) else op.record if isinstance(op, Remove | CheckVersion) else None
    )
    if before is not None and before.version != record.version:
        raise error
