"""Operator commands of `make`, on AWS and on the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.vendors import service
from infra.local import aws_clients, console
from infra.local.deployment import stack_deployment
from infra.local.operations import data_rebuild, replay
from infra.local.stack_config import StackConfig
from tests.event_builders import build_vendor_rated
from tests.integration import vendor_builders
from tests.integration.conftest import TABLE
from tests.template import template

pytestmark = pytest.mark.parametrize("dynamodb", ["aws"], indirect=True)


def create_queue(name: str) -> str:
    return str(boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def receive_bodies(url: str) -> list[str]:
    response = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in response.get("Messages", [])]


@pytest.fixture
def staging(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> StackConfig:
    """A deployed stack on AWS with outputs, and no environment variables for it in this process."""
    boto3.client("events").create_event_bus(Name="bus")
    names = sorted(template()["Outputs"])
    urls = {name: create_queue(name) for name in names if name.endswith(("QueueUrl", "DeadLettersUrl"))}
    outputs = {"TableName": TABLE, "BusName": "bus"} | urls
    stack = {
        "Resources": {"Any": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="coachway-staging", TemplateBody=json.dumps(stack))
    for name in ("BUS_NAME", "DEAD_LETTERS_URL"):
        monkeypatch.setenv(name, "")
    return StackConfig.from_environment("staging")


def test_redrive_dead_letters_on_aws_moves_and_publishes_them(staging: StackConfig, dynamodb: Any) -> None:
    vendor_builders.create_vendor()
    [first, *_] = [each for each in dynamodb.scan(TableName=TABLE)["Items"] if each["sk"]["S"].startswith("EVENT#")]
    outputs = stack_deployment.read_outputs(staging)
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=outputs["MessagingDeadLettersUrl"], MessageBody="a mail")
    reference = {"pk": first["pk"]["S"], "sk": first["sk"]["S"]}
    sqs.send_message(QueueUrl=outputs["RelayDeadLettersUrl"], MessageBody=json.dumps(reference))
    assert replay.redrive_dead_letters(aws_clients.client, staging) == 2
    assert receive_bodies(outputs["MessagingQueueUrl"]) == ["a mail"]
    assert receive_bodies(outputs["MessagingDeadLettersUrl"]) == receive_bodies(outputs["RelayDeadLettersUrl"]) == []


def test_replay_events_on_aws_publishes_all_events_of_a_day(staging: StackConfig, dynamodb: Any) -> None:
    vendor_builders.create_vendor()
    items = dynamodb.scan(TableName=TABLE)["Items"]
    [day] = {
        each["gsi1pk"]["S"].rpartition("#")[2] for each in items if "#EVENTS#" in each.get("gsi1pk", {}).get("S", "")
    }
    events = [each for each in items if each["sk"]["S"].startswith("EVENT#")]
    assert replay.replay_events(aws_clients.client, staging, vendor_builders.ORG, day, day) == len(events) > 0
    with pytest.raises(console.CommandError, match="is before FROM"):
        replay.replay_events(aws_clients.client, staging, vendor_builders.ORG, "2026-02-01", "2026-01-31")


def test_rebuild_statistics_on_aws_counts_ratings(staging: StackConfig) -> None:
    vendor = service.get_vendor(vendor_builders.CALLER, vendor_builders.create_vendor()["id"])
    store.commit(vendor_builders.CALLER, Update(vendor, vendor.model_copy(), [build_vendor_rated(vendor.id)]))
    assert data_rebuild.rebuild_statistics(staging, vendor_builders.ORG) == (1, 0, 0)
    assert vendor_builders.get_figures(vendor.id).total_ratings == 1


def test_read_outputs_of_missing_stack_raises_error_with_advice() -> None:
    with pytest.raises(console.CommandError) as raised:
        stack_deployment.read_outputs(StackConfig.from_environment("prod"))
    assert "coachway-prod" in raised.value.message
    assert raised.value.advice == "log in to its AWS account first"


@pytest.mark.parametrize("port", ["abc", "80", "65534", "-1", "4566.0"])
def test_invalid_port_raises_error_with_advice(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACHWAY_PORT", port)
    with pytest.raises(console.CommandError) as raised:
        StackConfig.from_environment()
    assert "such as 4600" in raised.value.advice


def test_root_credentials_are_used_for_emulators_only() -> None:
    assert (
        aws_clients.environment_variables(StackConfig(Path("/nowhere"), 4566))["AWS_ENDPOINT_URL"]
        == "http://localhost:4566"
    )
    assert set(aws_clients.environment_variables(StackConfig.from_environment("prod"))) == {"AWS_DEFAULT_REGION"}
