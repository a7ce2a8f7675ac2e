"""Divides operations that need no common transaction into batches that fit into one each."""

from collections.abc import Iterable, Iterator

from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op
from coachway.core.persistence.transaction import build_transaction


def batch_ops(caller: Caller, ops: Iterable[Op], max_items: int) -> Iterator[list[Op]]:
    """Divide operations into batches that write at most `max_items` items, or a single operation with more.

    Unique values, slim copies, search entries and events of a record are items too.
    """
    batch, size = list[Op](), 0
    for op in ops:
        items = len(build_transaction(caller.without_idempotency(), [op], None).failure_meanings)
        if batch and size + items > max_items:
            yield batch
            batch, size = [], 0
        batch.append(op)
        size += items
    if batch:
        yield batch
