"""The store: the only module, with `table`, that speaks to DynamoDB.

`commit` writes entities, their unique values, their domain events and the answer to an Idempotency-Key in one
transaction. Every invariant is a condition of that transaction; nothing here reads and then trusts what it read.
"""

from __future__ import annotations

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
from coachway.core.persistence.idempotency import IdempotencyRecord, ReplayedRequest
from coachway.core.persistence.operations import COUNTER, UNIQUE, IncrementCounters, Op
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import Key, Record
from coachway.core.persistence.sequence_lock import TURN
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import TransactionPlan, build_transaction, to_item
from coachway.core.runtime import clock, settings

R = TypeVar("R", bound=Record)

MOST_WRITES: Final = 100
"""DynamoDB's bound on one transaction; what needs more is built in steps and shown at the end."""

_CONFLICT_TRIES: Final = 8
_NUMBER_SECONDS: Final = 15.0
"""How long a request tries for its numbers: less than a function may run."""


def _record(model: type[R], stored: Mapping[str, Any]) -> R:
    return model.model_validate_json(stored["doc"]["S"])


def _parse_live(model: type[R], stored: Mapping[str, Any] | None) -> R | None:
    if stored is None or stored["kind"]["S"] != model.KIND:
        return None
    record = _record(model, stored)
    expires = record.expires_at()
    is_alive = getattr(record, "deleted_at", None) is None
    return record if is_alive and (expires is None or expires > clock.epoch()) else None


def _require_found(model: type[R], record: R | None) -> R:
    if record is None:
        raise errors.NotFound(f"there is no such {model.KIND.replace('_', ' ')}")
    return record


def find(model: type[R], key: Key, *, consistent: bool = True) -> R | None:
    """The record at `key`, or None if there is none, it is deleted, or it is past its expiry."""
    return _parse_live(model, _get_item(key, consistent))


def get(model: type[R], key: Key, *, expected: int | None = None) -> R:
    """The record at `key`. Raises NotFound, or PreconditionFailed if `expected` (from If-Match) is not its version."""
    record = _require_found(model, find(model, key))
    if expected is not None and expected != record.version:
        raise errors.PreconditionFailed(f"the current version is {record.version}, not {expected}: read it again")
    return record


def _get_item(key: Key, consistent: bool = True) -> dict[str, Any] | None:
    answer = connection().get_item(settings.table_name(), key.pk, key.sk, consistent_read=consistent)
    return answer.get("Item")


def find_many(model: type[R], keys: Iterable[Key]) -> dict[Key, R]:
    """The records at up to 100 keys, in one call; those missing or deleted are left out."""
    requested = list(dict.fromkeys(keys))
    # Without what conditions and indexes need of an item, which costs as much again to take apart.
    stored = _batch(requested, ["pk", "sk", "kind", "doc"])
    result = {key: _parse_live(model, stored.get(key)) for key in requested}
    return {key: record for key, record in result.items() if record is not None}


def batch_get(keys: Iterable[Key]) -> BatchResult:
    """Whatever lies at up to 100 keys, of any kind, in one call.

    The counter of a gapless sequence may be among them: `commit_with_sequence` then knows which number is next.
    """
    requests = list(dict.fromkeys(keys))
    stored = _batch(requests)
    _numbers_seen.update({key: _numbers(stored.get(key, {})).get("n", 0) for key in requests if key.sk == COUNTER.sk})
    return BatchResult(stored)


def _batch(requests: Sequence[Key], attributes: Sequence[str] | None = None) -> dict[Key, Mapping[str, Any]]:
    """The items at `asked`, whole or with these attributes only."""
    requested: Any = [{"pk": key.pk, "sk": key.sk} for key in requests]
    table, stored = settings.table_name(), dict[Key, Mapping[str, Any]]()
    while requested:
        answer = connection().batch_get_item(table, requested, consistent_read=True, attributes_to_get=attributes)
        stored.update({Key(each["pk"]["S"], each["sk"]["S"]): each for each in answer["Responses"].get(table, [])})
        remaining = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        requested = [{"pk": each["pk"]["S"], "sk": each["sk"]["S"]} for each in remaining]
    return stored


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What `batch_get` found, to be asked for one by one as the table is."""

    kept: Mapping[Key, Mapping[str, Any]]

    def find(self, model: type[R], key: Key) -> R | None:
        """The record at `key`, or None if there is none of this kind, it is deleted, or it is past its expiry."""
        return _parse_live(model, self.kept.get(key))

    def get(self, model: type[R], key: Key) -> R:
        """The same, or NotFound."""
        return _require_found(model, self.find(model, key))

    def numbers(self, key: Key) -> dict[str, int]:
        """The whole numbers kept at `key` by `IncrementCounters`; empty if none were."""
        return _numbers(self.kept.get(key, {}))


def get_counters(key: Key) -> dict[str, int]:
    """The whole numbers kept at `key` by `IncrementCounters`; empty if none were."""
    return _numbers(_get_item(key) or {})


def batch_get_counters(keys: Iterable[Key]) -> dict[Key, dict[str, int]]:
    """The same at up to 100 keys, in one call."""
    requested = list(dict.fromkeys(keys))
    together = batch_get(requested)
    return {key: together.numbers(key) for key in requested}


def _numbers(stored: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in stored.items() if "N" in value and name != "expires_at"}


def owner_of(org_id: str, name: str, value: str) -> str | None:
    """The id of the entity that holds a unique value in the organization, or None."""
    stored = _get_item(UNIQUE.key(org=org_id, name=name, value=value))
    return stored["owner"]["S"] if stored else None


def commit(caller: Caller, *ops: Op, answer: object = None) -> None:
    """Write all of `ops`, or none, in one transaction.

    `answer` is what the request will be answered with, for its Idempotency-Key; by default the first entity written.
    Records that are written get their new `version` and `updated_at`.

    Raises whatever the failed op names; Duplicate for a unique value, ConcurrentUpdate for a version,
    ReplayedRequest for an
    Idempotency-Key used before, TooLarge for a document over DynamoDB's 400 KB.
    """
    plan = build_transaction(caller, ops, answer)
    for attempt in range(_CONFLICT_TRIES):
        try:
            _transact(plan)
            if caller.attempt is not None and plan.answer is not None:
                caller.attempt.recorded = plan.answer
            return
        except _Conflicted:
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  # nosec B311 - spreads retries
    raise errors.ConcurrentUpdate("too many changes at once: try again")


def commit_with_sequence(
    caller: Caller, counter: str, build: Callable[[int], Sequence[Op]], *, count: int = 1, answer: object = None
) -> int:
    """Commit what `build(first)` makes, where `first` is the next of a gapless sequence, or `count` of them.

    The counter moves in the same transaction, so a number is used exactly if its commit succeeded. `build` is called
    again when somebody else was faster. Returns the first number.
    """
    firsts = commit_with_sequences(caller, {counter: count}, lambda firsts: build(firsts[counter]), answer=answer)
    return firsts[counter]


def commit_with_sequences(
    caller: Caller,
    counts: Mapping[str, int],
    build: Callable[[Mapping[str, int]], Sequence[Op]],
    *,
    answer: object = None,
) -> dict[str, int]:
    """The same for several sequences at once: `counts` says how many of each, `build` gets the first of each."""
    keys = {name: COUNTER.key(org=caller.org_id, name=name) for name in counts}
    last = {name: _numbers_seen.get(key, 0) for name, key in keys.items()}
    deadline, turn = time.monotonic() + _NUMBER_SECONDS, ""
    place = TURN.key(org=caller.org_id, name=min(counts))
    try:
        while time.monotonic() < deadline:
            firsts = {name: number + 1 for name, number in last.items()}
            try:
                commit(caller, *build(firsts), *_moves(keys, last, counts), answer=answer)
            except _NumberTaken:
                # Who was too late once takes turns with the others: of many at once, each fails about once.
                turn = turn or sequence_lock.acquire_sequence_lease(place, deadline)
                last = {name: get_counters(key).get("n", 0) for name, key in keys.items()}
            else:
                _numbers_seen.update({key: last[name] + counts[name] for name, key in keys.items()})
                return firsts
    finally:
        if turn:
            sequence_lock.release_sequence_lease(place, turn)
    raise errors.ConcurrentUpdate("too many new ones at once: try again")


def _moves(keys: Mapping[str, Key], last: Mapping[str, int], counts: Mapping[str, int]) -> Iterable[IncrementCounters]:
    for name, count in counts.items():
        after = {"n": last[name] + count}
        yield IncrementCounters(keys[name], {"n": count}, "counter", after, after, otherwise=_NumberTaken())


_numbers_seen: dict[Key, int] = {}


class _NumberTaken(errors.ConcurrentUpdate):
    pass


class _Conflicted(Exception):
    """Another transaction had the same items in its hands."""


def _transact(plan: TransactionPlan) -> None:
    try:
        connection().transact_write_items(plan.checks, plan.deletes, plan.puts, plan.updates)
    except TransactWriteError as failure:
        reasons = failure.cancellation_reasons
        if failure.cause_response_code != "TransactionCanceledException":
            _translate_failure(failure)
        codes = [reason.code if reason else None for reason in reasons]
        for failed, meaning in zip(codes, plan.meanings, strict=False):
            if failed == "ConditionalCheckFailed" and isinstance(meaning, IdempotencyRecord):
                raise ReplayedRequest(get(IdempotencyRecord, meaning.key())) from None
        for failed, meaning in zip(codes, plan.meanings, strict=False):
            if failed == "ConditionalCheckFailed" and isinstance(meaning, Exception):
                raise meaning from None
        if any(code in {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} for code in codes):
            raise _Conflicted from failure
        _translate_failure(failure)


def _translate_failure(failure: TransactWriteError) -> None:
    message = str(failure.cause)
    if "size" in message and "exceeded" in message:
        raise errors.TooLarge("this is more than can be kept in one document (400 KB)") from failure
    if failure.cause_response_code in {"TransactionInProgressException", "TransactionConflictException"}:
        raise _Conflicted from failure
    raise failure


def history(aggregate: Key) -> list[domain_events.HistoryEntry]:
    """What happened to an aggregate, oldest first (the newest 1,000 events)."""
    records = query_all(domain_events.Envelope, aggregate.pk, prefix="EVENT#", descending=True, most=1000)
    return [domain_events.HistoryEntry.model_validate(each.model_dump()) for each in reversed(records)]


def save_idempotency_record(record: IdempotencyRecord, *, anew: bool) -> IdempotencyRecord | None:
    """Keep the answer of a request that committed nothing (`anew`), or answered otherwise than its commit foresaw.

    Returns the answer already kept under the same key, if `anew` and there is one.
    """
    expired = Path("expires_at") <= {"N": str(clock.epoch())}
    condition = (Path("pk").does_not_exist() | expired) if anew else None
    place = record.key()
    try:
        connection().put_item(
            settings.table_name(), place.pk, place.sk, attributes=to_item(record), condition=condition
        )
    except PutError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        return find(IdempotencyRecord, place)
    return None


def count_up(key: Key, *, expires_at: int) -> int:
    """Add one to a short-lived number and return it: rate limits. Not part of a transaction."""
    answer = connection().update_item(
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
    return int(answer["Attributes"]["n"]["N"])


def is_reachable() -> bool:
    """Whether the table answers."""
    try:
        _get_item(Key("HEALTH", "HEALTH"), consistent=False)
    except PynamoDBConnectionError:
        return False
    return True


def clear_sequence_cache() -> None:
    """Forget the last numbers seen, as a new process has."""
    _numbers_seen.clear()
