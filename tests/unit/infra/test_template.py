"""`template.yaml` says the same as the code, and what fails on AWS is told to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coachway.messaging import notifications, rules
from infra.local.operations import replay
from tests.template import ROOT, functions, load_yaml, resources_of_type, template

FLOWS = sorted((ROOT / "statemachines").glob("*.yaml"))
ALARMS: dict[str, Any] = {
    name: each["Properties"]
    for name, each in load_yaml("infra/observability.yaml")["Resources"].items()
    if each["Type"] == "AWS::CloudWatch::Alarm"
}


def _nulls(node: Any, place: str) -> Iterator[str]:
    """Where there is a null."""
    if isinstance(node, dict | list):
        for name, each in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _nulls(each, f"{place}/{name}")
    elif node is None:
        yield place


@pytest.mark.parametrize("file", ["template.yaml", "infra/api.yaml", *(f"statemachines/{each.name}" for each in FLOWS)])
def test_no_null_that_localstack_would_stumble_over(file: str) -> None:
    assert list(_nulls(load_yaml(file), file)) == []


@pytest.mark.parametrize("name", functions())
def test_a_function_keeps_its_logs_for_a_time(name: str) -> None:
    group = functions()[name]["LoggingConfig"]["LogGroup"]["Ref"]
    assert resources_of_type("AWS::Logs::LogGroup")[group]["RetentionInDays"] <= 90


def test_the_bus_sends_messaging_exactly_what_it_consumes() -> None:
    pattern = resources_of_type("AWS::Events::Rule")["MessagingRule"]["EventPattern"]
    assert sorted(pattern["detail-type"]) == sorted(notifications.CONSUMERS)


def test_a_message_of_a_killed_sender_is_free_again_when_the_queue_delivers_it() -> None:
    waits = resources_of_type("AWS::SQS::Queue")["MessagingQueue"]["VisibilityTimeout"]
    runs = functions()["MessagingFunction"]["Timeout"]
    assert runs < rules.LEASE.total_seconds() < waits


@pytest.mark.parametrize("consumer", replay.CONSUMERS)
def test_a_queue_hides_a_message_longer_than_its_consumer_may_run(consumer: str) -> None:
    function, queue = functions()[f"{consumer}Function"], resources_of_type("AWS::SQS::Queue")[f"{consumer}Queue"]
    assert queue["VisibilityTimeout"] >= function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": f"{consumer}DeadLetters.Arn"}
    [feed] = function["Events"].values()
    assert feed["Properties"]["Queue"] == {"Fn::GetAtt": f"{consumer}Queue.Arn"}
    assert feed["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def _watched(metric: str) -> list[str]:
    """Whose metric of this name some alarm looks at."""
    return sorted(str(each["Dimensions"][0]["Value"]) for each in ALARMS.values() if each["MetricName"] == metric)


def test_a_timer_that_fails_is_told() -> None:
    timers = [
        str(each["FunctionName"])
        for each in functions().values()
        if any(event["Type"] == "Schedule" for event in each.get("Events", {}).values())
    ]
    assert len(timers) == 7
    assert _watched("Errors") == sorted([*timers, str({"Ref": "MessagingFunction"})])


@pytest.mark.parametrize("ending", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_a_flow_that_fails_or_runs_out_of_time_is_told(ending: str) -> None:
    assert _watched(ending) == sorted(
        str({"Ref": name}) for name in resources_of_type("AWS::StepFunctions::StateMachine")
    )


def test_every_queue_of_dead_letters_is_looked_at() -> None:
    dead = [name for name in resources_of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")]
    looked = [each["Dimensions"][0]["Value"] for each in ALARMS.values() if each.get("Namespace") == "AWS/SQS"]
    assert {"Ref": "MessagingQueue"} in looked
    assert sorted(each["Ref"] for each in looked if each["Ref"] != "MessagingQueue") == sorted(dead)
    passed_on = template()["Resources"]["Observability"]["Properties"]["Parameters"]
    assert all(passed_on[name] == {"Fn::GetAtt": f"{name}.QueueName"} for name in dead)
