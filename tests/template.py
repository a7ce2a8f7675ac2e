"""Read `template.yaml`; intrinsic functions have their JSON form (`{"Ref": …}`, `{"Fn::GetAtt": "Table.Arn"}`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
Json = dict[str, Any]


class _Loader(yaml.CSafeLoader):
    pass


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> Json:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: node.value}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def load_yaml(file: str) -> Json:
    """Load a CloudFormation file by its path from the root."""
    content: Json = yaml.load((ROOT / file).read_text(), _Loader)  # noqa: S506 - a safe loader with CloudFormation's tags
    return content


def template() -> Json:
    """The whole template."""
    return load_yaml("template.yaml")


def resources_of_type(kind: str) -> dict[str, Json]:
    """The properties of all resources of a type, by logical id."""
    return {name: each["Properties"] for name, each in template()["Resources"].items() if each["Type"] == kind}


def resources() -> list[str]:
    """The logical ids of all resources, including those that SAM adds to the template."""
    added = list(template()["Resources"])
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Api":
            added += [f"{name}Deployment", f"{name}Stage"]
        for event, source in resource["Properties"].get("Events", {}).items():
            parts = {"Schedule": ["", "Permission"], "SQS": [""], "DynamoDB": [""]}[source["Type"]]
            added += [f"{name}{event}{part}" for part in parts]
    return added


def functions() -> dict[str, Json]:
    """The Lambda functions."""
    return resources_of_type("AWS::Serverless::Function")


def get_role_name(function: str) -> str:
    """The logical id of a function's role."""
    role: str = functions()[function]["Role"]["Fn::GetAtt"].removesuffix(".Arn")
    return role


def grants(role: str) -> list[Json]:
    """The statements of a role's policies."""
    policies = resources_of_type("AWS::IAM::Role")[role]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def as_list(value: Any) -> list[Any]:
    """A list, also where the template has a single value."""
    return value if isinstance(value, list) else [value]


def arn_text(value: Any) -> str:
    """The text of an ARN, without its intrinsic function."""
    return value if isinstance(value, str) else str(next(iter(value.values())))
