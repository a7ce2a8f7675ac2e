"""Writes stored records again in the form of this release: for rebuilds after a deployment."""

from collections.abc import Iterable

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Refresh
from coachway.core.persistence.records import Record
from coachway.core.persistence.retry import retry_on_conflict


def refresh_records(org_id: str, records: Iterable[Record]) -> int:
    """Write the records again with the index keys, slim copies and search entries of this release; return how many.

    Contents, versions and times stay as they are.
    """
    caller, count = Caller.system("rebuild", org_id), 0
    for record in records:
        _refresh_record(caller, record)
        count += 1
    return count


@retry_on_conflict
def _refresh_record(caller: Caller, record: Record) -> None:
    stored = store.find(type(record), record.key())
    if stored is not None:
        store.commit(caller, Refresh(stored, stored.model_copy(), rewrites_search=True))
