"""The store: reads records from the DynamoDB table and commits transactions to it.

`commit` writes entities, their unique values, their domain events and the response to an Idempotency-Key in one
transaction. Every invariant is a condition of that transaction, so an old read cannot break it.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pynamodb.exceptions import PutError, PynamoDBConnectionError, TransactWriteError
from pynamodb.expressions.operand import Path

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence import domain_events, sequence_lock
from coachway.core.persistence.operations import COUNTER, UNIQUE, IncrementCounters, Op, ResponseToStore
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import Key, Record
from coachway.core.persistence.responses.idempotency import IdempotencyRecord, ReplayedRequest
from coachway.core.persistence.sequence_lock import SEQUENCE_LEASE
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import build_transaction, to_item
from coachway.core.persistence.transaction_plan import TransactionPlan
from coachway.core.runtime import clock, settings
from coachway.core.types.stored_values import STORED

R = TypeVar("R", bound=Record)

MAX_WRITES: Final = 100
"""Maximum number of items in one DynamoDB transaction. Larger changes are written in steps and become visible last."""

_CONFLICT_TRIES: Final = 8
_SEQUENCE_TIMEOUT_SECONDS: Final = 15.0
_MAX_BATCH_KEYS: Final = 100
"""Keys in one BatchGetItem call."""
"""How long a request tries to get its sequence numbers. Less than the timeout of a function."""


def _parse_record(model: type[R], stored: Mapping[str, Any]) -> R:
    return model.model_validate_json(stored["doc"]["S"], context=STORED)


def _parse_live(model: type[R], stored: Mapping[str, Any] | None) -> R | None:
    if stored is None or stored["kind"]["S"] != model.KIND:
        return None
    record = _parse_record(model, stored)
    expires = record.expires_at()
    is_alive = getattr(record, "deleted_at", None) is None
    return record if is_alive and (expires is None or expires > clock.epoch()) else None


def _require_found(model: type[R], record: R | None) -> R:
    if record is None:
        raise errors.NotFound(f"The {model.KIND.replace('_', ' ')} was not found.")
    return record


def find(model: type[R], key: Key, *, consistent: bool = True) -> R | None:
    """Return the record at `key`, or None if it does not exist, is deleted, or has expired."""
    return _parse_live(model, _get_item(key, consistent))


def get(model: type[R], key: Key, *, expected: int | None = None) -> R:
    """Return the record at `key`.

    Raises NotFound, or PreconditionFailed if `expected` (from If-Match) is not the version of the record.
    """
    record = _require_found(model, find(model, key))
    if expected is not None and expected != record.version:
        detail = f"The current version is {record.version}, not {expected}. Read it again, then retry."
        raise errors.PreconditionFailed(detail)
    return record


def _get_item(key: Key, consistent: bool = True) -> dict[str, Any] | None:
    response = connection().get_item(settings.table_name(), key.pk, key.sk, consistent_read=consistent)
    return response.get("Item")


def find_many(model: type[R], keys: Iterable[Key]) -> dict[Key, R]:
    """Return the records at any number of keys, in one call per 100. Missing, deleted and expired ones are left out."""
    requested = list(dict.fromkeys(keys))
    # Parsing the attributes for conditions and indexes would double the cost.
    stored = _batch_get_items(requested, ["pk", "sk", "kind", "doc"])
    result = {key: _parse_live(model, stored.get(key)) for key in requested}
    return {key: record for key, record in result.items() if record is not None}


def batch_get(keys: Iterable[Key]) -> "BatchResult":
    """Return the items at any number of keys, of any kind, in one call per 100.

    If the counter of a gapless sequence is among them, `commit_with_sequence` starts with its value.
    """
    requests = list(dict.fromkeys(keys))
    stored = _batch_get_items(requests)
    _last_numbers.update(
        {key: _read_counters(stored.get(key, {})).get("n", 0) for key in requests if key.sk == COUNTER.sk}
    )
    return BatchResult(stored)


def _batch_get_items(requests: Sequence[Key], attributes: Sequence[str] | None = None) -> dict[Key, Mapping[str, Any]]:
    """Return the items at `requests`, with all attributes or only the given ones."""
    requested: Any = [{"pk": key.pk, "sk": key.sk} for key in requests]
    table, stored = settings.table_name(), dict[Key, Mapping[str, Any]]()
    while requested:
        batch, requested = requested[:_MAX_BATCH_KEYS], requested[_MAX_BATCH_KEYS:]
        response = connection().batch_get_item(table, batch, consistent_read=True, attributes_to_get=attributes)
        stored.update({Key(each["pk"]["S"], each["sk"]["S"]): each for each in response["Responses"].get(table, [])})
        remaining = response.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        requested += [{"pk": each["pk"]["S"], "sk": each["sk"]["S"]} for each in remaining]
    return stored


def get_attributes(keys: Iterable[Key], *names: str) -> dict[Key, dict[str, str]]:
    """Return text attributes of the items at up to 100 keys, of any kind, in one call. Missing items are left out."""
    stored = _batch_get_items(list(dict.fromkeys(keys)), ["pk", "sk", *names])
    return {key: {name: item[name]["S"] for name in names if name in item} for key, item in stored.items()}


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The items that `batch_get` read. Its methods work like the functions of this module."""

    items: Mapping[Key, Mapping[str, Any]]

    def find(self, model: type[R], key: Key) -> R | None:
        """Return the record at `key`, or None if it does not exist, is deleted, or has expired."""
        return _parse_live(model, self.items.get(key))

    def get(self, model: type[R], key: Key) -> R:
        """Return the record at `key`. Raises NotFound."""
        return _require_found(model, self.find(model, key))

    def unique_owner(self, key: Key) -> str | None:
        """Return the id of the entity that has the unique value at `key`, or None."""
        stored = self.items.get(key)
        return stored["owner"]["S"] if stored else None

    def numbers(self, key: Key) -> dict[str, int]:
        """Return the counters that `IncrementCounters` wrote at `key`, by name; empty if there are none."""
        return _read_counters(self.items.get(key, {}))


def get_counters(key: Key) -> dict[str, int]:
    """Return the counters that `IncrementCounters` wrote at `key`, by name; empty if there are none."""
    return _read_counters(_get_item(key) or {})


def batch_get_counters(keys: Iterable[Key]) -> dict[Key, dict[str, int]]:
    """Return the counters at up to 100 keys, in one call."""
    requested = list(dict.fromkeys(keys))
    batch = batch_get(requested)
    return {key: batch.numbers(key) for key in requested}


def _read_counters(stored: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in stored.items() if "N" in value and name != "expires_at"}


def find_unique_owner(org_id: str, name: str, *values: str) -> str | None:
    """Return the id of the entity that has the first of the unique values in the organization, or None. One call."""
    keys = [UNIQUE.key(org=org_id, name=name, value=value) for value in values]
    stored = _batch_get_items(keys)
    return next((stored[key]["owner"]["S"] for key in keys if key in stored), None)


def commit(caller: Caller, *ops: Op, response: ResponseToStore = None) -> None:
    """Write all of `ops`, or none of them, in one transaction.

    Sets the new `version` and `updated_at` on the records that are written. Then it stores `response` for the
    Idempotency-Key of the request: a model, a function that builds it, or by default the first entity written.

    Raises the error of the operation whose condition failed: by default Duplicate for a unique value and
    ConcurrentUpdate for a version. Raises ReplayedRequest for an Idempotency-Key that was used before, and TooLarge for
    an item over DynamoDB's limit of 400 KB.
    """
    plan = build_transaction(caller, ops, response)
    for attempt in range(_CONFLICT_TRIES):
        try:
            _write_transaction(plan)
            if caller.idempotency is not None and plan.response is not None:
                caller.idempotency.recorded = plan.response
            return
        except _TransactionConflict:
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  # nosec B311 - spreads retries
    raise TooManyConflicts("Too many requests change this at the same time. Retry.")


def commit_with_sequence(
    caller: Caller,
    counter: str,
    build: Callable[[int], Sequence[Op]],
    *,
    count: int = 1,
    response: ResponseToStore = None,
) -> int:
    """Commit the operations of `build(first)`, where `first` is the next number of a gapless sequence.

    Reserves `count` numbers and returns the first. The counter changes in the same transaction, so a number is used
    only if its commit succeeds. If another request takes the number first, `build` is called again with a new one.
    """
    firsts = commit_with_sequences(caller, {counter: count}, lambda firsts: build(firsts[counter]), response=response)
    return firsts[counter]


def commit_with_sequences(
    caller: Caller,
    counts: Mapping[str, int],
    build: Callable[[Mapping[str, int]], Sequence[Op]],
    *,
    response: ResponseToStore = None,
) -> dict[str, int]:
    """Commit with numbers of several sequences. `counts` is how many of each; `build` gets the first of each, by name.

    Returns the first numbers. See `commit_with_sequence`.
    """
    keys = {name: COUNTER.key(org=caller.org_id, name=name) for name in counts}
    last = {name: _last_numbers.get(key, 0) for name, key in keys.items()}
    deadline, lease = time.monotonic() + _SEQUENCE_TIMEOUT_SECONDS, ""
    lease_key = SEQUENCE_LEASE.key(org=caller.org_id, name=min(counts))
    try:
        while time.monotonic() < deadline:
            firsts = {name: number + 1 for name, number in last.items()}
            try:
                commit(caller, *build(firsts), *_advance_ops(keys, last, counts), response=response)
            except _SequenceConflict:
                # After one failure, wait for the lease: many concurrent requests then fail about once each.
                lease = lease or sequence_lock.acquire_sequence_lease(lease_key, deadline)
                last = {name: get_counters(key).get("n", 0) for name, key in keys.items()}
            else:
                _last_numbers.update({key: last[name] + counts[name] for name, key in keys.items()})
                return firsts
    finally:
        if lease:
            sequence_lock.release_sequence_lease(lease_key, lease)
    raise errors.ConcurrentUpdate("Too many requests need a number at the same time. Retry.")


def _advance_ops(
    keys: Mapping[str, Key], last: Mapping[str, int], counts: Mapping[str, int]
) -> Iterable[IncrementCounters]:
    for name, count in counts.items():
        after = {"n": last[name] + count}
        yield IncrementCounters(keys[name], {"n": count}, "counter", after, after, on_failure=_SequenceConflict())


_last_numbers: dict[Key, int] = {}


class _SequenceConflict(errors.ConcurrentUpdate):
    pass


class TooManyConflicts(errors.ConcurrentUpdate):
    """Other transactions were writing the same items at each attempt, so nothing is known about their versions."""


class _TransactionConflict(Exception):
    """Another transaction is writing the same items."""


def _write_transaction(plan: TransactionPlan) -> None:
    try:
        connection().transact_write_items(plan.checks, plan.deletes, plan.puts, plan.updates)
    except TransactWriteError as failure:
        reasons = failure.cancellation_reasons
        if failure.cause_response_code != "TransactionCanceledException":
            _translate_failure(failure)
        codes = [reason.code if reason else None for reason in reasons]
        for failed, meaning in zip(codes, plan.failure_meanings, strict=False):
            if failed == "ConditionalCheckFailed" and isinstance(meaning, IdempotencyRecord):
                raise ReplayedRequest(get(IdempotencyRecord, meaning.key())) from None
        for failed, meaning in zip(codes, plan.failure_meanings, strict=False):
            if failed == "ConditionalCheckFailed" and isinstance(meaning, Exception):
                raise meaning from None
        if any(code in {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} for code in codes):
            raise _TransactionConflict from failure
        _translate_failure(failure)


def _translate_failure(failure: TransactWriteError) -> None:
    message = str(failure.cause)
    if "size" in message and "exceeded" in message:
        raise errors.TooLarge("The record is larger than 400 KB. Send less data.") from failure
    if failure.cause_response_code in {"TransactionInProgressException", "TransactionConflictException"}:
        raise _TransactionConflict from failure
    raise failure


def list_history(aggregate: Key) -> list[domain_events.HistoryEntry]:
    """Return the newest 1,000 events of an aggregate, oldest first."""
    prefix = domain_events.HISTORY.sk.format(event="")
    records = query_all(domain_events.Envelope, aggregate.pk, prefix=prefix, descending=True, limit=1000)
    return [domain_events.HistoryEntry.model_validate(each.model_dump()) for each in reversed(records)]


def save_idempotency_record(record: IdempotencyRecord, *, only_if_absent: bool) -> IdempotencyRecord | None:
    """Store the response to a request for its Idempotency-Key, outside a transaction.

    For requests that commit nothing, or whose response differs from the one that their commit stored. With
    `only_if_absent`, a response that is already stored under the key is kept and returned.
    """
    expired = Path("expires_at") <= {"N": str(clock.epoch())}
    condition = (Path("pk").does_not_exist() | expired) if only_if_absent else None
    key = record.key()
    try:
        connection().put_item(settings.table_name(), key.pk, key.sk, attributes=to_item(record), condition=condition)
    except PutError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        return find(IdempotencyRecord, key)
    return None


def save_copies(records: Sequence[Record]) -> None:
    """Store up to 100 records that only copy what can be found again, in one call. The last one to write wins.

    If another request writes one of them at the same moment, none is stored.
    """
    puts = [{"TableName": settings.table_name(), "Item": to_item(record)} for record in records]
    try:
        connection().transact_write_items([], [], puts, [])
    except TransactWriteError as failure:
        if failure.cause_response_code != "TransactionCanceledException":
            raise


def require_first_request(caller: Caller) -> None:
    """Raise ReplayedRequest if the Idempotency-Key was used before.

    `commit` does so by itself. A service calls this if it commits several times, or if a retry would raise an error.
    """
    first = find(IdempotencyRecord, caller.idempotency.location()) if caller.idempotency else None
    if first is not None:
        raise ReplayedRequest(first)


def increment_expiring_counter(key: Key, *, expires_at: int) -> int:
    """Add one to a counter that expires, and return its value: for rate limits. Not part of a transaction."""
    response = connection().update_item(
        settings.table_name(),
        key.pk,
        key.sk,
        actions=[
            Path("n").add({"N": "1"}),
            Path("kind").set({"S": "rate"}),
            Path("expires_at").set({"N": str(expires_at)}),
        ],
        return_values="ALL_NEW",
    )
    return int(response["Attributes"]["n"]["N"])


def is_reachable() -> bool:
    """Whether the table answers."""
    try:
        _get_item(Key("HEALTH", "HEALTH"), consistent=False)
    except PynamoDBConnectionError:
        return False
    return True


def clear_sequence_cache() -> None:
    """Clear the cached sequence numbers, as in a new process."""
    _last_numbers.clear()
