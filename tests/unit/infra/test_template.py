"""`template.yaml` agrees with the code, and every failure on AWS has an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coachway.core.runtime import settings
from coachway.messaging import deduplication
from tests.template import ROOT, functions, load_yaml, resources, resources_of_type, template
from tools.function_modules import load
from tools.functions import functions as rows

WORKFLOW_FILES = sorted((ROOT / "statemachines").glob("*.yaml"))
ALARMS: dict[str, Any] = {
    name: each["Properties"]
    for name, each in load_yaml("infra/observability.yaml")["Resources"].items()
    if each["Type"] == "AWS::CloudWatch::Alarm"
}


def consumers() -> list[str]:
    """The logical ids of consumers, without the suffix of a resource."""
    return [name.removesuffix("Queue") for name in resources_of_type("AWS::SQS::Queue") if name.endswith("Queue")]


def _null_paths(node: Any, path: str) -> Iterator[str]:
    """Yield the paths of nulls in a document."""
    if isinstance(node, dict | list):
        for name, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _null_paths(child, f"{path}/{name}")
    elif node is None:
        yield path


@pytest.mark.parametrize(
    "file", ["template.yaml", "infra/api.yaml", *(f"statemachines/{each.name}" for each in WORKFLOW_FILES)]
)
def test_file_has_no_nulls_which_localstack_rejects(file: str) -> None:
    assert list(_null_paths(load_yaml(file), file)) == []


def test_passwords_on_aws_are_hashed_with_the_default_memory() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    condition, on_aws, _ = variables["PASSWORD_MEMORY_KIB"]["Fn::If"]
    assert (condition, int(on_aws)) == ("OnAws", settings.password_memory_kib())


@pytest.mark.parametrize("name", functions())
def test_function_logs_expire(name: str) -> None:
    group = functions()[name]["LoggingConfig"]["LogGroup"]["Ref"]
    assert resources_of_type("AWS::Logs::LogGroup")[group]["RetentionInDays"] <= 90


@pytest.mark.parametrize("consumer", consumers())
def test_consumer_rule_matches_the_events_of_its_table(consumer: str) -> None:
    row = next(each for each in rows().values() if each.logical_id == consumer)
    handled = load(row.capability, row.module).CONSUMERS
    pattern = resources_of_type("AWS::Events::Rule")[f"{consumer}Rule"]["EventPattern"]
    assert pattern == {"source": ["coachway"], "detail-type": sorted(handled)}


def test_message_lease_is_longer_than_the_function_and_shorter_than_the_visibility_timeout() -> None:
    visibility_timeout = resources_of_type("AWS::SQS::Queue")["MessagingQueue"]["VisibilityTimeout"]
    function_timeout = functions()["MessagingFunction"]["Timeout"]
    assert function_timeout < deduplication.LEASE.total_seconds() < visibility_timeout


@pytest.mark.parametrize("consumer", consumers())
def test_consumer_queue_visibility_timeout_covers_the_function_timeout(consumer: str) -> None:
    function, queue = functions()[f"{consumer}Function"], resources_of_type("AWS::SQS::Queue")[f"{consumer}Queue"]
    assert queue["VisibilityTimeout"] >= function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": f"{consumer}DeadLetters.Arn"}
    [source] = function["Events"].values()
    assert source["Properties"]["Queue"] == {"Fn::GetAtt": f"{consumer}Queue.Arn"}
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def _resources_with_alarm(metric: str) -> list[str]:
    """The resources whose metric of this name has an alarm."""
    alarms = [each for each in ALARMS.values() if each["MetricName"] == metric]
    return sorted(each["Dimensions"][0]["Value"]["Fn::Sub"] for each in alarms)


def test_every_timer_has_an_alarm() -> None:
    timers = [
        each["FunctionName"]["Fn::Sub"]
        for each in functions().values()
        if any(event["Type"] == "Schedule" for event in each.get("Events", {}).values())
    ]
    assert len(timers) == 9
    assert _resources_with_alarm("Errors") == sorted([*timers, "coachway-${Environment}-messaging"])


@pytest.mark.parametrize("ending", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_every_state_machine_has_an_alarm(ending: str) -> None:
    machines = resources_of_type("AWS::StepFunctions::StateMachine").values()
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
    assert _resources_with_alarm(ending) == sorted(arn + each["StateMachineName"]["Fn::Sub"] for each in machines)


def test_every_dead_letter_queue_has_an_alarm() -> None:
    queues = resources_of_type("AWS::SQS::Queue")
    dead = [each["QueueName"]["Fn::Sub"] for name, each in queues.items() if name.endswith("DeadLetters")]
    assert _resources_with_alarm("ApproximateNumberOfMessagesVisible") == sorted(dead)


def test_grants_are_defined_and_used() -> None:
    granted = {grant for row in rows().values() for grant in row.grants}
    assert granted == load_yaml("infra/grants.yaml").keys()


def test_resources_stay_below_the_limit_of_cloudformation() -> None:
    """A stack has 500 resources at most. See decision 35 before this limit is raised."""
    assert len(resources()) < 450
    assert len(template()["Outputs"]) < 180  # of 200
