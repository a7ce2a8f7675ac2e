"""Puts events on the bus again: those that were set aside as undeliverable, and those of past days.

Consumers are idempotent on the event id, so what was already done is not done twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from infra.local import aws_clients, console
from infra.local.deployment import stack_deployment
from infra.local.stack_config import Home

Clients = Callable[[Home, str], Any]

CONSUMERS = ("Messaging", "Vendors", "Bookings", "Bids", "Dispatch", "DispatchFigures", "Billing")
"""Those with a queue and its dead letters among the stack's outputs."""


def redrive(client: Clients, home: Home) -> int:
    """Empty the dead-letter queues back to where their messages came from; returns how many."""
    outputs = stack_deployment.outputs(home)
    sqs = client(home, "sqs")
    moved = 0
    for consumer in CONSUMERS:
        for message in _waiting(sqs, outputs[f"{consumer}DeadLettersUrl"]):
            sqs.send_message(QueueUrl=outputs[f"{consumer}QueueUrl"], MessageBody=message["Body"])
            _done(sqs, outputs[f"{consumer}DeadLettersUrl"], message)
            moved += 1
    for message in _waiting(sqs, outputs["RelayDeadLettersUrl"]):
        moved += _publish_buried(client, home, outputs, message)
        _done(sqs, outputs["RelayDeadLettersUrl"], message)
    return moved


def replay(client: Clients, home: Home, organization: str, first: str, last: str) -> int:
    """Publish every event of an organization from `first` to `last` (days in UTC, both included); returns how many."""
    day, end = _day(first), _day(last)
    if end < day:
        raise console.Failed("the last day is before the first")
    outputs = stack_deployment.outputs(home)
    dynamodb = client(home, "dynamodb")
    count = 0
    while day <= end:
        pages = dynamodb.get_paginator("query").paginate(
            TableName=outputs["TableName"],
            IndexName="gsi1",
            KeyConditionExpression="gsi1pk = :day",
            ExpressionAttributeValues={":day": {"S": f"ORG#{organization}#EVENTS#{day}"}},
        )
        for page in pages:
            count += _relay(home, outputs, page["Items"])
        console.line(f"{day}: {count} so far")
        day += timedelta(days=1)
    return count


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise console.Failed(f"{text} is not a day", "write it as YYYY-MM-DD") from None


def _waiting(sqs: Any, url: str) -> list[dict[str, Any]]:
    """Every message waiting in a queue now: those that are put back meanwhile are for the next time."""
    waiting: dict[str, dict[str, Any]] = {}
    while True:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=300).get("Messages", [])
        fresh = {message["MessageId"]: message for message in found if message["MessageId"] not in waiting}
        if not fresh:
            return list(waiting.values())
        waiting |= fresh


def _done(sqs: Any, url: str, message: dict[str, Any]) -> None:
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _publish_buried(client: Clients, home: Home, outputs: dict[str, str], message: dict[str, Any]) -> int:
    """The relay says where an event lies; Lambda itself, which part of the stream it gave up on: replay covers that."""
    place = json.loads(message["Body"])
    if not place.get("pk"):
        console.line(f"a batch was given up on, replay its day: {place.get('DDBStreamBatchInfo', place)}")
        return 0
    key = {"pk": {"S": place["pk"]}, "sk": {"S": place["sk"]}}
    found = client(home, "dynamodb").get_item(TableName=outputs["TableName"], Key=key, ConsistentRead=True)
    return _relay(home, outputs, [found["Item"]]) if "Item" in found else 0


def _relay(home: Home, outputs: dict[str, str], items: list[dict[str, Any]]) -> int:
    """Publish items just as the stream's function does."""
    work_on(home, outputs)
    from coachway.core.entrypoints.outbox_relay import relay

    return relay({"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items)


def work_on(home: Home, outputs: dict[str, str]) -> None:
    """Let the product's own code, run in this process, work on this home's stack."""
    os.environ.update(
        aws_clients.environment(home),
        BUS_NAME=outputs["BusName"],
        DEAD_LETTERS_URL=outputs["RelayDeadLettersUrl"],
        TABLE_NAME=outputs["TableName"],
    )
