"""`template.yaml` says the same as the code, and what fails on AWS is told to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coachway.messaging import rules
from tests.template import ROOT, functions, load_yaml, resources, resources_of_type, template
from tools.entries import load
from tools.functions import functions as rows

FLOWS = sorted((ROOT / "statemachines").glob("*.yaml"))
ALARMS: dict[str, Any] = {
    name: each["Properties"]
    for name, each in load_yaml("infra/observability.yaml")["Resources"].items()
    if each["Type"] == "AWS::CloudWatch::Alarm"
}


def consumers() -> list[str]:
    """The consumers' logical ids, without what names each of their resources."""
    return [name.removesuffix("Queue") for name in resources_of_type("AWS::SQS::Queue") if name.endswith("Queue")]


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


@pytest.mark.parametrize("consumer", consumers())
def test_rule_of_a_consumer_names_the_events_of_its_table(consumer: str) -> None:
    row = next(each for each in rows().values() if each.logical_id == consumer)
    handled = load(row.capability, row.module).CONSUMERS
    pattern = resources_of_type("AWS::Events::Rule")[f"{consumer}Rule"]["EventPattern"]
    assert pattern == {"source": ["coachway"], "detail-type": sorted(handled)}


def test_a_message_of_a_killed_sender_is_free_again_when_the_queue_delivers_it() -> None:
    waits = resources_of_type("AWS::SQS::Queue")["MessagingQueue"]["VisibilityTimeout"]
    runs = functions()["MessagingFunction"]["Timeout"]
    assert runs < rules.LEASE.total_seconds() < waits


@pytest.mark.parametrize("consumer", consumers())
def test_a_queue_hides_a_message_longer_than_its_consumer_may_run(consumer: str) -> None:
    function, queue = functions()[f"{consumer}Function"], resources_of_type("AWS::SQS::Queue")[f"{consumer}Queue"]
    assert queue["VisibilityTimeout"] >= function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": f"{consumer}DeadLetters.Arn"}
    [feed] = function["Events"].values()
    assert feed["Properties"]["Queue"] == {"Fn::GetAtt": f"{consumer}Queue.Arn"}
    assert feed["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def _watched(metric: str) -> list[str]:
    """The resources whose metric of this name some alarm watches."""
    alarms = [each for each in ALARMS.values() if each["MetricName"] == metric]
    return sorted(each["Dimensions"][0]["Value"]["Fn::Sub"] for each in alarms)


def test_every_timer_has_an_alarm() -> None:
    timers = [
        each["FunctionName"]["Fn::Sub"]
        for each in functions().values()
        if any(event["Type"] == "Schedule" for event in each.get("Events", {}).values())
    ]
    assert len(timers) == 7
    assert _watched("Errors") == sorted([*timers, "coachway-${Environment}-messaging"])


@pytest.mark.parametrize("ending", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_every_state_machine_has_an_alarm(ending: str) -> None:
    machines = resources_of_type("AWS::StepFunctions::StateMachine").values()
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
    assert _watched(ending) == sorted(arn + each["StateMachineName"]["Fn::Sub"] for each in machines)


def test_every_dead_letter_queue_has_an_alarm() -> None:
    queues = resources_of_type("AWS::SQS::Queue")
    dead = [each["QueueName"]["Fn::Sub"] for name, each in queues.items() if name.endswith("DeadLetters")]
    assert _watched("ApproximateNumberOfMessagesVisible") == sorted(dead)


def test_functions_are_granted_only_what_is_defined_and_all_of_it() -> None:
    granted = {grant for row in rows().values() for grant in row.grants}
    assert granted == load_yaml("infra/grants.yaml").keys()


def test_resources_stay_below_the_limit_of_cloudformation() -> None:
    """A stack has 500 resources at most. See decision 35 before this limit is raised."""
    assert len(resources()) < 450
    assert len(template()["Outputs"]) < 180  # of 200
