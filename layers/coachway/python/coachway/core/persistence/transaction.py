"""Converts the operations of a commit to one DynamoDB transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence import domain_events, size_limits
from coachway.core.persistence.operations import (
    CONSUMED,
    UNIQUE,
    AlreadyConsumed,
    CheckAbsent,
    CheckVersion,
    Create,
    IncrementCounters,
    MarkConsumed,
    Op,
    Refresh,
    Remove,
    ResponseToStore,
    Update,
    WriteSearchEntries,
)
from coachway.core.persistence.records import Entity, Key, Record, slim_copy_key, to_attribute
from coachway.core.persistence.responses import response_json
from coachway.core.persistence.responses.idempotency import ResponseWithCookies, format_response
from coachway.core.persistence.rights import rights_ops
from coachway.core.persistence.transaction_plan import Meaning, TransactionPlan
from coachway.core.runtime import clock
from coachway.core.types import ids

_ABSENT: Final = {"ConditionExpression": "attribute_not_exists(pk)"}


def _absent_or_expired_condition() -> dict[str, Any]:
    """Return the condition that no valid item exists. DynamoDB deletes expired items up to days later."""
    return {
        "ConditionExpression": f"{_ABSENT['ConditionExpression']} OR expires_at <= :now",
        "ExpressionAttributeValues": {":now": {"N": str(clock.epoch())}},
    }


def _version_condition(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "#v = :v",
        "ExpressionAttributeNames": {"#v": "version"},
        "ExpressionAttributeValues": {":v": {"N": str(version)}},
    }


def _unchanged_condition(record: Record) -> dict[str, Any]:
    """Return the condition that the item has the version and the refreshed attributes of a record."""
    condition, attributes = _version_condition(record.version), record.attributes()
    for number, name in enumerate(record.REFRESHED_ATTRIBUTES):
        condition["ExpressionAttributeNames"][f"#r{number}"] = name
        if name in attributes:
            condition["ConditionExpression"] += f" AND #r{number} = :r{number}"
            condition["ExpressionAttributeValues"][f":r{number}"] = to_attribute(attributes[name])
        else:
            condition["ConditionExpression"] += f" AND attribute_not_exists(#r{number})"
    return condition


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _is_deleted(record: Record) -> bool:
    return getattr(record, "deleted_at", None) is not None


def to_item(record: Record) -> dict[str, Any]:
    """Return the DynamoDB item of a record. A soft-deleted record stays in the table but is in no index."""
    result = {
        **_key(record.key()),
        "kind": {"S": record.KIND},
        "version": {"N": str(record.version)},
        "doc": {"S": record.model_dump_json(by_alias=True)},
    }
    for name, value in record.attributes().items():
        result[name] = to_attribute(value)
    if not _is_deleted(record):
        for index, key in record.indexes().items():
            result[f"{index}pk"], result[f"{index}sk"] = {"S": key.pk}, {"S": key.sk}
    expires = record.expires_at()
    if expires is not None:
        result["expires_at"] = {"N": str(expires)}
    return result


def build_transaction(caller: Caller, ops: Sequence[Op], response: ResponseToStore) -> TransactionPlan:
    """Return the transaction for `ops`. Raises RuntimeError for a record of another organization."""
    _require_own_records(caller, ops)
    ops = [*ops, *rights_ops(caller, ops)]
    plan = TransactionPlan()
    event_ids = iter(sorted(ids.ulid() for op in ops if isinstance(op, Create | Update) for _ in op.events))
    for op in _merge_operations(ops):
        match op:
            case Create(record, events, on_exists):
                record.version = 1
                _put(plan, record, _ABSENT, on_exists or _duplicate_error(record))
                _put_unique_values(plan, None, record)
                _put_slim_copy(plan, None, record)
                _put_search_entries(plan, None, None if op.defers_search else record)
                _put_events(plan, caller, None, record, events, event_ids)
            case Update(before, after, events, on_stale):
                after.version = before.version + 1
                if isinstance(after, Entity):
                    after.updated_at = clock.now()
                _put(plan, after, _unchanged_condition(before), on_stale or _stale_error(before))
                _put_unique_values(plan, before, after)
                _put_slim_copy(plan, before, after)
                _put_search_entries(plan, before, after)
                _put_events(plan, caller, before, after, events, event_ids)
            case Refresh(before, after, rewrites_search):
                after.version = before.version
                _put(plan, after, _unchanged_condition(before), _stale_error(before))
                _refresh_slim_copy(plan, after)
                _put_search_entries(plan, before, after, rewrite=rewrites_search)
            case Remove(record, on_stale):
                removed = {"Key": _key(record.key()), **_unchanged_condition(record)}
                plan.add("deletes", removed, on_stale or _stale_error(record))
                _put_unique_values(plan, record, None)
                _put_slim_copy(plan, record, None)
                _put_search_entries(plan, record, None)
            case _:
                _add_op_without_record(plan, caller, op)
    _add_idempotency_record(plan, caller, ops, response)
    return plan


def _add_op_without_record(plan: TransactionPlan, caller: Caller, op: Op) -> None:
    match op:
        case WriteSearchEntries(record, on_stale):
            plan.add("checks", {"Key": _key(record.key()), **_version_condition(record.version)}, on_stale)
            _put_search_entries(plan, None, record, rewrite=True)
        case CheckVersion(record, on_failure):
            plan.add("checks", {"Key": _key(record.key()), **_version_condition(record.version)}, on_failure)
        case CheckAbsent(key, on_failure):
            plan.add("checks", {"Key": _key(key), **_ABSENT}, on_failure)
        case IncrementCounters():
            _increment(plan, op)
        case MarkConsumed(consumer, event_id):
            key = CONSUMED.key(org=caller.org_id, consumer=consumer, event=event_id)
            mark = {**_key(key), "kind": {"S": "consumed"}}
            plan.add("puts", {"Item": mark, **_ABSENT}, AlreadyConsumed(f"{consumer} has handled {event_id}."))


def _require_own_records(caller: Caller, ops: Sequence[Op]) -> None:
    """Raise RuntimeError if a caller would write a record of another organization: a last check after the services."""
    for op in ops:
        match op:
            case Create(record) | Update(_, record) | Refresh(_, record) | Remove(record) | WriteSearchEntries(record):
                owner = getattr(record, "org_id", caller.org_id)
                if caller.org_id and owner != caller.org_id:
                    raise RuntimeError(f"A {record.KIND} of {owner} cannot be written for {caller.org_id}.")


def _duplicate_error(record: Record) -> errors.Duplicate:
    return errors.Duplicate(f"This {record.KIND.replace('_', ' ')} already exists.")


def _stale_error(record: Record) -> errors.ConcurrentUpdate:
    kind = record.KIND.replace("_", " ")
    return errors.ConcurrentUpdate(f"Another request changed this {kind}. Read it again, then retry.")


def _put(plan: TransactionPlan, record: Record, condition: dict[str, Any], meaning: Meaning) -> None:
    item = to_item(record)
    size_limits.require_storable(item["doc"]["S"])
    plan.add("puts", {"Item": item, **condition}, meaning)


def _put_unique_values(plan: TransactionPlan, before: Record | None, after: Record | None) -> None:
    owned = dict(before.unique_values()) if before and not _is_deleted(before) else {}
    requested = dict(after.unique_values()) if after and not _is_deleted(after) else {}
    owner = after or before
    org = getattr(owner, "org_id", "")
    for name in owned.keys() | requested.keys():
        if owned.get(name) == requested.get(name):
            continue
        if name in owned:
            plan.add("deletes", {"Key": _key(UNIQUE.key(org=org, name=name, value=owned[name]))}, None)
        if name in requested:
            mark = {
                **_key(UNIQUE.key(org=org, name=name, value=requested[name])),
                "kind": {"S": "unique"},
                "owner": {"S": str(getattr(owner, "id", ""))},
            }
            label = name.rpartition("-")[2]
            duplicate = errors.Duplicate(
                f"This {label} is already in use. Choose another.", fields=[errors.FieldError(label, "must be unique")]
            )
            plan.add("puts", {"Item": mark, **_ABSENT}, duplicate)


def _build_slim_copy(record: Record | None) -> Record | None:
    return None if record is None or _is_deleted(record) else record.slim_copy()


def _put_slim_copy(plan: TransactionPlan, before: Record | None, after: Record | None) -> None:
    """Write or delete the slim copy of a record if it changes.

    It needs no condition, because it is only written together with the record, whose version is a condition.
    """
    existing, copy = _build_slim_copy(before), _build_slim_copy(after)
    if copy is not None and copy != existing:
        _put(plan, copy, {}, None)
    elif copy is None and existing is not None:
        plan.add("deletes", {"Key": _key(existing.key())}, None)


def _refresh_slim_copy(plan: TransactionPlan, record: Record) -> None:
    """Write the slim copy of a record, or delete one that should not exist."""
    if type(record).slim_copy is Record.slim_copy:
        return
    copy = _build_slim_copy(record)
    if copy is not None:
        _put(plan, copy, {}, None)
    else:
        plan.add("deletes", {"Key": _key(slim_copy_key(record.key()))}, None)


def _put_search_entries(
    plan: TransactionPlan, before: Record | None, after: Record | None, *, rewrite: bool = False
) -> None:
    """Write and delete the search entries of a record that change. They need no condition, as slim copies."""
    record = after or before
    if record is None or type(record).search_text is Record.search_text:
        return
    # Imported late: functions that only read need no entries.
    from coachway.core.persistence.search_entries import list_entry_changes

    deleted, written = list_entry_changes(before, after, rewrite=rewrite)
    for key in deleted:
        plan.add("deletes", {"Key": _key(key)}, None)
    for entry in written:
        _put(plan, entry, {}, None)


def _put_events(
    plan: TransactionPlan,
    caller: Caller,
    before: Record | None,
    after: Record,
    events: Sequence[domain_events.Event],
    event_ids: Iterator[str],
) -> None:
    if not events:
        return
    hidden_fields = after.hidden() if isinstance(after, Entity) else frozenset[str]()
    changes = domain_events.list_changes(before, after, hidden_fields)
    for event in events:
        stored = domain_events.build_envelope(
            caller,
            event,
            event_id=next(event_ids),
            aggregate_id=str(getattr(after, "id", "")),
            aggregate_pk=after.key().pk,
            changes=changes,
        )
        size_limits.require_publishable(stored)
        # No condition: the key contains a new id, and the conditions of the aggregate decide.
        _put(plan, stored, {}, None)


def _merge_operations(ops: Sequence[Op]) -> list[Op]:
    """Merge additions to the same counters, and equal checks, because a transaction can use an item only once.

    Additions are merged if they have the same bounds and expiry; the bounds then limit the sum.
    """
    places: dict[Key, int] = {}
    checked: set[tuple[Key, int]] = set()
    result: list[Op] = []
    for op in ops:
        if isinstance(op, IncrementCounters):
            before = result[places[op.key]] if op.key in places else None
            if isinstance(before, IncrementCounters) and _have_same_bounds(before, op):
                names = [*before.numbers, *(name for name in op.numbers if name not in before.numbers)]
                both = {name: before.numbers.get(name, 0) + op.numbers.get(name, 0) for name in names}
                result[places[op.key]] = replace(before, numbers=both)
                continue
            places[op.key] = len(result)
        elif isinstance(op, CheckVersion):
            check = (op.record.key(), op.record.version)
            if check in checked:
                continue
            checked.add(check)
        result.append(op)
    return result


def _have_same_bounds(first: IncrementCounters, second: IncrementCounters) -> bool:
    return (first.at_most, first.at_least, first.expires_at) == (second.at_most, second.at_least, second.expires_at)


def _increment(plan: TransactionPlan, op: IncrementCounters) -> None:
    names = {"#kind": "kind"} | {f"#{n}": name for n, name in enumerate(op.numbers)}
    values: dict[str, Any] = {":kind": {"S": op.kind}, ":zero": {"N": "0"}}
    sets, conditions = ["#kind = :kind"], []
    for n, (name, addend) in enumerate(op.numbers.items()):
        values[f":by{n}"] = {"N": str(addend)}
        sets.append(f"#{n} = if_not_exists(#{n}, :zero) + :by{n}")
        for bound, sign, label in ((op.at_most, "<=", "most"), (op.at_least, ">=", "least")):
            if name in bound:
                values[f":{label}{n}"] = {"N": str(bound[name] - addend)}
                never = f"attribute_not_exists(#{n})"
                zero_is_fine = (bound[name] - addend >= 0) if sign == "<=" else (bound[name] - addend <= 0)
                compare = f"#{n} {sign} :{label}{n}"
                conditions.append(f"({never} OR {compare})" if zero_is_fine else compare)
    if op.expires_at is not None:
        names["#ttl"], values[":ttl"] = "expires_at", {"N": str(op.expires_at)}
        sets.append("#ttl = :ttl")
    request: dict[str, Any] = {
        "Key": _key(op.key),
        "UpdateExpression": "SET " + ", ".join(sets),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    if conditions:
        request["ConditionExpression"] = " AND ".join(conditions)
    plan.add("updates", request, op.on_failure or errors.Conflict("A counter would leave its bounds."))


def _add_idempotency_record(
    plan: TransactionPlan, caller: Caller, ops: Sequence[Op], response: ResponseToStore
) -> None:
    idempotency = caller.idempotency
    if idempotency is None or idempotency.recorded is not None:
        return
    body: object = response
    cookies: tuple[str, ...] = ()
    if isinstance(response, ResponseWithCookies):
        body, cookies = response.body, response.cookies
    elif response is None:
        body = _first_entity(ops)
    elif not isinstance(response, BaseModel):
        body = response()
    if idempotency.status == HTTPStatus.NO_CONTENT:
        body = None
    elif body is None:
        return
    plan.response = format_response(response_json.to_json(body), cookies)
    record = idempotency.record(plan.response)
    _put(plan, record, _absent_or_expired_condition(), record)


def _first_entity(ops: Sequence[Op]) -> BaseModel | None:
    for op in ops:
        if isinstance(op, Create):
            return op.record
        if isinstance(op, Update):
            return op.after
    return None
