"""Faults on a running stack: kill functions, pause deliveries, deliver messages again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from coachway.core.persistence.domain_events import BY_DAY, Envelope
from infra.local.emulator import emulator_process, worker_template
from infra.local.stack_config import ROOT
from tests.stack import Stack, eventually
from tests.workflows.organization_builders import Operator


def list_worker_pids(stack: Stack, function: str) -> list[int]:
    """The ids of the processes in which the emulator runs a function."""
    files = (stack.config.directory / "tmp").glob(
        f"ministack-lambda-{stack.function(function)}-????????/{worker_template.PID_FILE}"
    )
    return [pid for pid in (int(file.read_text()) for file in files) if _is_alive(pid)]


def kill_workers(stack: Stack, function: str) -> int:
    """Kill all processes of a function; returns how many there were."""
    pids = list_worker_pids(stack, function)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(map(_is_alive, pids)), 10)
    return len(pids)


def _is_alive(pid: int) -> bool:
    """Whether a process runs. A zombie does not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def count_failed_batches(stack: Stack, function: str) -> int:
    """The number of failed batches of a function that reads a stream or a queue."""
    log = stack.config.log_file(emulator_process.NAME).read_text(errors="replace")
    return log.count(f"ESM: Lambda {stack.function(function)} failed processing")


@contextmanager
def pause_deliveries(stack: Stack, function: str) -> Iterator[None]:
    """Pause the deliveries of a stream or a queue to a function."""
    functions = stack.client("lambda")
    mapping = functions.list_event_source_mappings(FunctionName=stack.function(function))["EventSourceMappings"][0]

    def set_enabled(is_enabled: bool) -> None:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=is_enabled)
        state = "Enabled" if is_enabled else "Disabled"
        eventually(lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == state, 10)

    set_enabled(False)
    try:
        yield
    finally:
        set_enabled(True)


@contextmanager
def fail_text_messages(stack: Stack) -> Iterator[None]:
    """Make the SMS service fail."""
    httpx.post(f"{stack.config.sms_url}/behave", json={"mode": "fail", "times": 1000}, timeout=60).raise_for_status()
    try:
        yield
    finally:
        httpx.post(f"{stack.config.sms_url}/behave", json={"mode": "ok"}, timeout=60).raise_for_status()


class Queue:
    """One of the deployment's queues."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.sqs = stack.client("sqs")
        self.url = self.sqs.get_queue_url(QueueName=stack.function(name))["QueueUrl"]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def take_all(self) -> list[str]:
        """Receive and delete all waiting messages; returns their bodies."""
        bodies: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
        return bodies

    def count_messages(self) -> int:
        """The number of messages that wait or are being processed."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def wait_until_empty(self, seconds: float = 60) -> None:
        """Wait until all messages are processed."""
        eventually(lambda: self.count_messages() == 0, seconds, "the queue was not emptied")

    @contextmanager
    def shorten_retry_delay(self, seconds: int) -> Iterator[None]:
        """Deliver failed messages again after a number of seconds instead of a minute."""
        original = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": str(seconds)})
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=original)


class EventRecorder:
    """Records all published events in a queue of its own."""

    def __init__(self, stack: Stack) -> None:
        self.sqs, events = stack.client("sqs"), stack.client("events")
        name = f"recorder-{uuid.uuid4().hex[:8]}"
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bus = f"coachway-{stack.config.environment}"
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["coachway"]}))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "recorder", "Arn": arn}])
        self.bodies: list[str] = []

    def list_events(self) -> list[dict[str, Any]]:
        """All events published so far, in order of arrival."""
        while self._receive_events():
            pass
        return [json.loads(body) for body in self.bodies]

    def wait_for_event(self, seconds: float = 30) -> None:
        """Wait for a new event, and not for those that follow it."""
        deadline = time.monotonic() + seconds
        while not self._receive_events():
            assert time.monotonic() < deadline, "nothing was published"

    def _receive_events(self) -> int:
        """Receive up to ten events; returns how many there were."""
        messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self.bodies.append(message["Body"])
        return len(messages)

    def list_event_ids(self) -> list[str]:
        """The ids of the events published so far."""
        return [str(each["detail"]["event_id"]) for each in self.list_events()]


def list_stored_events(operator: Operator) -> list[Envelope]:
    """The stored events of an organization of yesterday and today, oldest first."""
    pages = operator.stack.client("dynamodb").get_paginator("query")
    events: list[Envelope] = []
    for day in latest_days():
        for page in pages.paginate(
            TableName=operator.stack.table,
            IndexName="gsi1",
            KeyConditionExpression="gsi1pk = :day",
            ExpressionAttributeValues={":day": {"S": BY_DAY.partition(org=operator.org_id, day=day)}},
        ):
            events += [Envelope.model_validate_json(item["doc"]["S"]) for item in page["Items"]]
    return events


def latest_days() -> tuple[str, str]:
    """Yesterday and today in UTC, as `make replay` takes them: midnight may pass during a test."""
    today = datetime.now(UTC).date()
    return f"{today - timedelta(days=1)}", f"{today}"


def run_command(stack: Stack, *command: str) -> str:
    """Run a command such as `redrive` or `replay`; returns its output."""
    environment = {
        **os.environ,
        "COACHWAY_HOME": str(stack.config.directory),
        "COACHWAY_PORT": str(stack.config.port),
        "PYTHONPATH": f"{ROOT / 'layers/coachway/python'}{os.pathsep}{ROOT}",
    }
    result = subprocess.run(
        [sys.executable, "-m", "infra.local", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
