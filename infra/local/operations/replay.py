"""Publish events again: those in the dead-letter queues (`make redrive`) and those of past days (`make replay`).

Consumers are idempotent on the event id, so publishing an event twice has no second effect.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from infra.local import aws_clients, console
from infra.local.deployment import stack_deployment
from infra.local.stack_config import StackConfig

ClientFactory = Callable[[StackConfig, str], Any]


def redrive_dead_letters(client: ClientFactory, config: StackConfig) -> int:
    """Move all messages of the dead-letter queues back to where they came from; returns how many."""
    outputs = stack_deployment.read_outputs(config)
    sqs = client(config, "sqs")
    moved = 0
    for consumer in _consumers(outputs):
        for message in _receive_all(sqs, outputs[f"{consumer}DeadLettersUrl"]):
            sqs.send_message(QueueUrl=outputs[f"{consumer}QueueUrl"], MessageBody=message["Body"])
            _delete_message(sqs, outputs[f"{consumer}DeadLettersUrl"], message)
            moved += 1
    for message in _receive_all(sqs, outputs["RelayDeadLettersUrl"]):
        moved += _publish_dead_letter(client, config, outputs, message)
        _delete_message(sqs, outputs["RelayDeadLettersUrl"], message)
    return moved


def _consumers(outputs: dict[str, str]) -> list[str]:
    """Every consumer that has a queue and a dead-letter queue. The relay has no queue: it reads the stream."""
    return [name.removesuffix("QueueUrl") for name in outputs if name.endswith("QueueUrl")]


def replay_events(client: ClientFactory, config: StackConfig, organization_id: str, first: str, last: str) -> int:
    """Publish all events of an organization from the day `first` to `last` (UTC, inclusive); returns how many."""
    day, end = _parse_day(first), _parse_day(last)
    if end < day:
        raise console.CommandError(f"TO={end} is before FROM={day}", "use an end date on or after the start date")
    outputs = stack_deployment.read_outputs(config)
    dynamodb = client(config, "dynamodb")
    count = 0
    while day <= end:
        pages = dynamodb.get_paginator("query").paginate(
            TableName=outputs["TableName"],
            IndexName="gsi1",
            KeyConditionExpression="gsi1pk = :day",
            ExpressionAttributeValues={":day": {"S": f"ORG#{organization_id}#EVENTS#{day}"}},
        )
        for page in pages:
            count += _publish(config, outputs, page["Items"])
        console.print_line(f"{day}: {count} events published so far")
        day += timedelta(days=1)
    return count


def configure_product(config: StackConfig, outputs: dict[str, str]) -> None:
    """Set the environment variables with which the product's own code, in this process, uses the stack."""
    os.environ.update(
        aws_clients.environment_variables(config),
        BUS_NAME=outputs["BusName"],
        DEAD_LETTERS_URL=outputs["RelayDeadLettersUrl"],
        TABLE_NAME=outputs["TableName"],
    )


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise console.CommandError(f"{text} is not a date", "use the format YYYY-MM-DD") from None


def _receive_all(sqs: Any, url: str) -> list[dict[str, Any]]:
    """All messages that are in a queue now; messages that arrive meanwhile stay for the next run."""
    messages: dict[str, dict[str, Any]] = {}
    while True:
        batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=300).get("Messages", [])
        new = {message["MessageId"]: message for message in batch if message["MessageId"] not in messages}
        if not new:
            return list(messages.values())
        messages |= new


def _delete_message(sqs: Any, url: str, message: dict[str, Any]) -> None:
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _publish_dead_letter(
    client: ClientFactory, config: StackConfig, outputs: dict[str, str], message: dict[str, Any]
) -> int:
    """Publish the event that a message of the relay names.

    Messages of Lambda itself only name a range of the stream, which `make replay` covers.
    """
    reference = json.loads(message["Body"])
    if not reference.get("pk"):
        batch = reference.get("DDBStreamBatchInfo", reference)
        console.print_line(f"Lambda gave up on a batch of the stream; replay the events of its day: {batch}")
        return 0
    key = {"pk": {"S": reference["pk"]}, "sk": {"S": reference["sk"]}}
    stored = client(config, "dynamodb").get_item(TableName=outputs["TableName"], Key=key, ConsistentRead=True)
    return _publish(config, outputs, [stored["Item"]]) if "Item" in stored else 0


def _publish(config: StackConfig, outputs: dict[str, str], items: list[dict[str, Any]]) -> int:
    """Publish items as the stream's function does; returns how many."""
    configure_product(config, outputs)
    from coachway.core.entrypoints.outbox_relay import relay

    return relay({"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items)
