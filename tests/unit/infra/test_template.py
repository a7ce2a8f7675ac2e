"""`template.yaml` agrees with the code, and gives each function no more than it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from coachway.core import table
from coachway.messaging import occasions, rules
from tools.entries import FUNCTIONS, ROOT, serving


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: `!Ref Table` is `{"Ref": "Table"}`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    content: Any
    if isinstance(node, yaml.ScalarNode):
        content = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        content = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        content = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": content}


_Loader.add_multi_constructor("!", _short_form)

TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a SafeLoader
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
ALARMS: dict[str, Any] = {
    name: each["Properties"]
    for name, each in yaml.load((ROOT / "infra/observability.yaml").read_text(), _Loader)["Resources"].items()  # noqa: S506
    if each["Type"] == "AWS::CloudWatch::Alarm"
}
FLOWS = sorted((ROOT / "statemachines").glob("*.yaml"))
FUNCTION_NAMES = [name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"]


def _nulls(node: Any, place: str) -> Iterator[str]:
    """Where there is a null."""
    if isinstance(node, dict | list):
        for name, each in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _nulls(each, f"{place}/{name}")
    elif node is None:
        yield place


@pytest.mark.parametrize("file", ["template.yaml", "infra/api.yaml", *(f"statemachines/{each.name}" for each in FLOWS)])
def test_no_null_that_localstack_would_stumble_over(file: str) -> None:
    assert list(_nulls(yaml.load((ROOT / file).read_text(), _Loader), file)) == []  # noqa: S506 - a SafeLoader


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in RESOURCES.items():
        for policy in resource["Properties"].get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("role", "statement"), list(_statements()))
def test_a_policy_names_its_actions_and_resources(role: str, statement: dict[str, Any]) -> None:
    for action in _listed(statement["Action"]):
        assert re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", action), f"{role} grants {action}"
    for resource in _listed(statement["Resource"]):
        text = resource if isinstance(resource, str) else str(next(iter(resource.values())))
        assert text.strip("*:/"), f"{role} grants something on everything"
        assert not re.search(r"\*(?!$)", text), f"{role} leaves a part of {text} open"


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_function_has_a_role_of_its_own(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    role = f"{name.removesuffix('Function')}Role"
    assert properties["Role"] == {"Fn::GetAtt": f"{role}.Arn"}
    assert "Policies" not in properties
    assert "ManagedPolicyArns" not in RESOURCES[role]["Properties"]


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_function_keeps_its_logs_for_a_time(name: str) -> None:
    group = RESOURCES[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert RESOURCES[group]["Properties"]["RetentionInDays"] <= 90


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_functions_handler_is_there(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    module, _, _ = properties["Handler"].rpartition(".")
    assert (ROOT / properties["CodeUri"] / f"{module}.py").is_file()


def test_every_entry_is_deployed() -> None:
    entries = {f"functions/{path.parent.name}/{path.stem}" for path in FUNCTIONS.glob("*/*.py")}
    deployed = {
        f"{RESOURCES[name]['Properties']['CodeUri']}/{RESOURCES[name]['Properties']['Handler'].partition('.')[0]}"
        for name in FUNCTION_NAMES
    }
    assert entries == deployed


@pytest.mark.parametrize("entry", serving(), ids=lambda entry: entry.function)
def test_the_gateway_may_call_every_function_that_serves_routes(entry: Any) -> None:
    permissions = [each for each in RESOURCES.values() if each["Type"] == "AWS::Lambda::Permission"]
    assert {"Ref": entry.function} in [each["Properties"]["FunctionName"] for each in permissions]


def test_the_table_is_the_one_that_the_store_expects() -> None:
    declared = RESOURCES["Table"]["Properties"]
    expected = table.schema("x")
    for part in ("BillingMode", "KeySchema", "GlobalSecondaryIndexes"):
        assert declared[part] == expected[part]
    assert sorted(map(str, declared["AttributeDefinitions"])) == sorted(map(str, expected["AttributeDefinitions"]))
    assert declared["StreamSpecification"]["StreamViewType"] == expected["StreamSpecification"]["StreamViewType"]


def test_the_bus_sends_messaging_exactly_what_it_consumes() -> None:
    pattern = RESOURCES["MessagingRule"]["Properties"]["EventPattern"]
    assert sorted(pattern["detail-type"]) == sorted(occasions.CONSUMERS)


def test_a_message_of_a_killed_sender_is_free_again_when_the_queue_delivers_it() -> None:
    waits = RESOURCES["MessagingQueue"]["Properties"]["VisibilityTimeout"]
    runs = RESOURCES["MessagingFunction"]["Properties"]["Timeout"]
    assert runs < rules.LEASE.total_seconds() < waits


@pytest.mark.parametrize("consumer", ["Messaging", "Vendors", "Bookings", "Bids", "Billing", "Dispatch", "DispatchFigures"])
def test_a_queue_hides_a_message_longer_than_its_consumer_may_run(consumer: str) -> None:
    function, queue = RESOURCES[f"{consumer}Function"]["Properties"], RESOURCES[f"{consumer}Queue"]["Properties"]
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
        str(each["Properties"]["FunctionName"])
        for each in RESOURCES.values()
        if any(event["Type"] == "Schedule" for event in each["Properties"].get("Events", {}).values())
    ]
    assert len(timers) == 7
    assert _watched("Errors") == sorted([*timers, str({"Ref": "MessagingFunction"})])


@pytest.mark.parametrize("ending", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_a_flow_that_fails_or_runs_out_of_time_is_told(ending: str) -> None:
    flows = [name for name, each in RESOURCES.items() if each["Type"] == "AWS::StepFunctions::StateMachine"]
    assert _watched(ending) == sorted(str({"Ref": name}) for name in flows)


def test_every_queue_of_dead_letters_is_looked_at() -> None:
    dead = [
        name for name, each in RESOURCES.items() if each["Type"] == "AWS::SQS::Queue" and name.endswith("DeadLetters")
    ]
    looked = [each["Dimensions"][0]["Value"] for each in ALARMS.values() if each.get("Namespace") == "AWS/SQS"]
    assert {"Ref": "MessagingQueue"} in looked
    assert sorted(each["Ref"] for each in looked if each["Ref"] != "MessagingQueue") == sorted(dead)
    passed_on = RESOURCES["Observability"]["Properties"]["Parameters"]
    assert all(passed_on[name] == {"Fn::GetAtt": f"{name}.QueueName"} for name in dead)
