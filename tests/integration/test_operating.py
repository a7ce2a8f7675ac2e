"""What operators run by `make`, on AWS as on the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from coachway.contracts.ratings import VendorRated
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.types import ids
from coachway.vendors import service, statistics
from infra.local import aws_clients, console
from infra.local.deployment import stack_deployment
from infra.local.operations import replay, statistics_rebuild
from infra.local.stack_config import StackConfig
from tests.integration import carriers
from tests.integration.conftest import TABLE
from tests.template import template

pytestmark = pytest.mark.parametrize("dynamodb", ["aws"], indirect=True)


def queue(name: str) -> str:
    return str(boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def received(url: str) -> list[str]:
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture
def staging(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> StackConfig:
    """An environment on AWS with a stack's outputs, and nothing in this process that tells of it."""
    boto3.client("events").create_event_bus(Name="bus")
    names = sorted(template()["Outputs"])
    urls = {name: queue(name) for name in names if name.endswith(("QueueUrl", "DeadLettersUrl"))}
    outputs = {"TableName": TABLE, "BusName": "bus"} | urls
    stack = {
        "Resources": {"Any": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="coachway-staging", TemplateBody=json.dumps(stack))
    for name in ("BUS_NAME", "DEAD_LETTERS_URL"):
        monkeypatch.setenv(name, "")
    return StackConfig.from_environment("staging")


def test_what_was_set_aside_on_aws_goes_back_on_its_way(staging: StackConfig, dynamodb: Any) -> None:
    carriers.vendor()
    [first, *_] = [each for each in dynamodb.scan(TableName=TABLE)["Items"] if each["sk"]["S"].startswith("EVENT#")]
    outputs = stack_deployment.read_outputs(staging)
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=outputs["MessagingDeadLettersUrl"], MessageBody="a mail")
    place = {"pk": first["pk"]["S"], "sk": first["sk"]["S"]}
    sqs.send_message(QueueUrl=outputs["RelayDeadLettersUrl"], MessageBody=json.dumps(place))
    assert replay.redrive_dead_letters(aws_clients.client, staging) == 2
    assert received(outputs["MessagingQueueUrl"]) == ["a mail"]
    assert received(outputs["MessagingDeadLettersUrl"]) == received(outputs["RelayDeadLettersUrl"]) == []


def test_a_day_of_an_organization_on_aws_is_published_again(staging: StackConfig, dynamodb: Any) -> None:
    carriers.vendor()
    items = dynamodb.scan(TableName=TABLE)["Items"]
    [day] = {
        each["gsi1pk"]["S"].rpartition("#")[2] for each in items if "#EVENTS#" in each.get("gsi1pk", {}).get("S", "")
    }
    events = [each for each in items if each["sk"]["S"].startswith("EVENT#")]
    assert replay.replay_events(aws_clients.client, staging, carriers.ORG, day, day) == len(events) > 0
    with pytest.raises(console.CommandError, match="is before FROM"):
        replay.replay_events(aws_clients.client, staging, carriers.ORG, "2026-02-01", "2026-01-31")


def test_figures_on_aws_are_counted_again(staging: StackConfig) -> None:
    vendor = carriers.vendor()
    known = service.get(carriers.CALLER, vendor["id"])
    points = dict.fromkeys(name for name in VendorRated.model_fields if name.endswith("_rating"))
    rated = VendorRated.model_validate(
        {
            "rating_id": ids.new("rat"),
            "vendor_id": known.id,
            "charter_id": ids.new("chr"),
            **points,
            "overall_rating": 4.5,
        }
    )
    store.commit(carriers.CALLER, Update(known, known.model_copy(), [rated]))
    assert statistics_rebuild.rebuild_statistics(staging, carriers.ORG) == (1, 0)
    kept = store.find(statistics.Statistics, statistics.key(carriers.ORG, known.id))
    assert statistics.build_statistics(known, kept).total_ratings == 1


def test_a_stack_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(console.CommandError) as told:
        stack_deployment.read_outputs(StackConfig.from_environment("prod"))
    assert "coachway-prod" in told.value.message
    assert told.value.advice == "log in to its AWS account first"


@pytest.mark.parametrize("port", ["abc", "80", "65534", "-1", "4566.0"])
def test_a_port_that_is_none_is_told_with_what_to_do(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACHWAY_PORT", port)
    with pytest.raises(console.CommandError) as told:
        StackConfig.from_environment()
    assert "such as 4600" in told.value.advice


def test_only_the_emulators_are_talked_to_as_their_root() -> None:
    assert (
        aws_clients.environment_variables(StackConfig(Path("/nowhere"), 4566))["AWS_ENDPOINT_URL"]
        == "http://localhost:4566"
    )
    assert set(aws_clients.environment_variables(StackConfig.from_environment("prod"))) == {"AWS_DEFAULT_REGION"}
