"""Least privilege: each function has its own role, which grants only what its code does."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from coachway.identity.model.permissions import PERMISSIONS
from infra.local.stack_config import REGION
from tests.security.operations import list_operations
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant
from tests.stack import Stack, eventually
from tests.template import ROOT, arn_text, as_list, functions, get_role_name, grants, resources_of_type, template
from tools.function_modules import list_api_entries

PATTERNS = {
    "dynamodb:ListStreams": "${Table.Arn}/stream/*",  # the name of a stream is its creation time
}
"""The only resources that are named by a pattern, each for an action that supports nothing else."""

FILE_ACTIONS = {"s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"}
FOLDER = re.compile(r"\$\{Bucket\.Arn\}/[a-z]+/\*")
"""Grants on files name one folder of the bucket."""

LAYER = ROOT / "layers/coachway/python/coachway"

SOURCES = {
    "events:PutEvents": {"BUS_NAME"},
    "ses:SendRawEmail": {"MAIL_FROM"},
    "ssm:GetParameter": {"public_url("},
    "secretsmanager:GetSecretValue": {"root_secret("},
    "dynamodb:Query": {"connection()"},
    "sqs:SendMessage": {"DEAD_LETTERS_URL"},
}
"""Words in the code that need an action. A function may have the action only if its modules contain one of them."""

WRITE_ACTIONS = {f"dynamodb:{each}Item" for each in ("Put", "Update", "Delete", "BatchWrite")}

every_function = pytest.mark.parametrize("function", functions())


def list_statements() -> list[tuple[str, dict[str, Any]]]:
    return [(role, each) for role in resources_of_type("AWS::IAM::Role") for each in grants(role)]


def test_policies_use_no_wildcards() -> None:
    for role, statement in list_statements():
        assert statement["Effect"] == "Allow", role
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys(), role
        actions = as_list(statement["Action"])
        for action in actions:
            assert "*" not in action, f"{role} may do {action}"
            assert "?" not in action, f"{role} may do {action}"
        for resource in as_list(statement["Resource"]):
            if "*" in arn_text(resource) and not (
                FILE_ACTIONS.issuperset(actions) and FOLDER.fullmatch(arn_text(resource))
            ):
                assert [PATTERNS.get(each) for each in actions] == [arn_text(resource)], f"{role}: {resource}"


def test_resource_policies_allow_no_wildcard() -> None:
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
        for name, properties in resources_of_type(kind).items():
            for statement in properties["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    assert "*" not in json.dumps(statement), name


def test_roles_use_no_managed_policies() -> None:
    for role, properties in resources_of_type("AWS::IAM::Role").items():
        assert not {"ManagedPolicyArns", "PermissionsBoundary"} & properties.keys(), role
    for name, properties in functions().items():
        assert "Policies" not in properties, f"{name} has policies that SAM writes"
    assert "Role" not in template()["Globals"]["Function"]
    assert not {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"} & {
        each["Type"] for each in template()["Resources"].values()
    }


def test_each_function_has_its_own_role() -> None:
    roles = [get_role_name(function) for function in functions()]
    assert len(set(roles)) == len(roles)
    lambda_roles = {
        name
        for name, role in resources_of_type("AWS::IAM::Role").items()
        if "lambda." in str(role["AssumeRolePolicyDocument"])
    }
    assert set(roles) == lambda_roles


@every_function
def test_function_role_writes_only_its_own_log(function: str) -> None:
    log_group = functions()[function]["LoggingConfig"]["LogGroup"]["Ref"]
    for statement in grants(get_role_name(function)):
        if any(action.startswith("logs:") for action in as_list(statement["Action"])):
            assert [arn_text(each) for each in as_list(statement["Resource"])] == [f"{log_group}.Arn"]


@every_function
def test_function_role_grants_only_actions_in_its_code(function: str) -> None:
    allowed = {action for statement in grants(get_role_name(function)) for action in as_list(statement["Action"])}
    code = "\n".join(path.read_text() for path in _list_modules(function))
    for action, words in SOURCES.items():
        if action in allowed and not (
            action == "sqs:SendMessage" and "DestinationConfig" in str(functions()[function])
        ):
            assert any(word in code for word in words), f"{function} may {action}, and nothing in its code does"


def test_only_relay_publishes_events_and_only_messaging_sends_mail() -> None:
    holders: dict[str, set[str]] = {}
    for function in functions():
        for statement in grants(get_role_name(function)):
            for action in as_list(statement["Action"]):
                holders.setdefault(action, set()).add(function)
    assert holders["events:PutEvents"] == {"RelayFunction"}
    assert holders["ses:SendRawEmail"] == {"MessagingFunction"}
    assert not {action for action in holders if action.startswith(("iam:", "sts:"))}


def test_read_only_api_role_grants_no_write() -> None:
    for entry in list_api_entries():
        if all(route.method == "GET" for route in entry.api.routes):
            for statement in grants(get_role_name(entry.function)):
                write_actions = [each for each in as_list(statement["Action"]) if each in WRITE_ACTIONS]
                assert not write_actions, f"{entry.function} only reads, and may {write_actions}"


@every_function
def test_function_knows_only_secrets_it_may_read(function: str) -> None:
    variables = functions()[function].get("Environment", {}).get("Variables", {})
    names = [arn_text(value) for value in variables.values() if isinstance(value, dict)]
    known_secrets = {name.partition(".")[0] for name in names if "Secret" in name}
    readable_secrets = {
        arn_text(resource).partition(".")[0]
        for statement in grants(get_role_name(function))
        if "secretsmanager:GetSecretValue" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    assert known_secrets == readable_secrets


def _list_modules(function: str) -> set[Path]:
    """The files that the entry of a function imports, directly or not."""
    properties = functions()[function]
    entry = ROOT / properties["CodeUri"] / f"{properties['Handler'].partition('.')[0]}.py"
    modules: set[Path] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in modules:
            modules.add(path)
            waiting += _list_imports(path)
    return modules


@cache
def _list_imports(path: Path) -> list[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    parts = [LAYER.parent / (name.replace(".", "/") + ".py") for name in names if name.startswith("coachway")]
    return [each for each in parts if each.exists()]


# On an emulator that enforces the policies


def _create_client_as_role(stack: Stack, role: str, service: str) -> Any:
    arn = next(
        each["Arn"] for each in stack.client("iam").list_roles()["Roles"] if f"-{role}-" in f"-{each['RoleName']}-"
    )
    credentials = stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    return boto3.client(
        service,
        endpoint_url=stack.config.emulator_url,
        region_name=REGION,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_action_without_grant_is_denied(stack: Stack) -> None:
    """Without this, the next test would prove nothing on an emulator that allows everything."""
    table = _create_client_as_role(stack, "ClientsApiRole", "dynamodb")
    assert "Item" not in table.get_item(TableName=stack.table, Key={"pk": {"S": "no"}, "sk": {"S": "no"}})
    bus = _create_client_as_role(stack, "ClientsApiRole", "events")
    event = {"Source": "coachway", "DetailType": "x", "Detail": "{}"}
    attempts: list[Callable[[], Any]] = [
        lambda: table.scan(TableName=stack.table),
        lambda: table.describe_table(TableName=stack.table),
        lambda: table.delete_table(TableName=stack.table),
        lambda: bus.put_events(Entries=[event]),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError) as refusal:
            attempt()
        assert refusal.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def test_quote_to_mail_works_with_granted_actions(stack: Stack) -> None:
    tenant = Tenant(stack)
    seeds = Seeds(tenant)
    token = seeds["token"]
    page = tenant.send("GET", f"/pages/quotes/{token}", role="")
    assert page.status_code == 200, page.text
    quote = tenant.send("GET", f"/api/v1/quotes/{token}", role="").json()
    body = {"revision_number": quote["revision_number"], "accepted_by": "Dana Lee"}
    accepted = tenant.send("POST", f"/api/v1/quotes/{token}/accept", role="", body=body)
    assert accepted.status_code == 200, accepted.text
    charter = tenant.send("GET", f"/api/v1/charters/{seeds['charter_id']}").json()
    assert charter["status"] == "booked"
    client = tenant.send("GET", f"/api/v1/clients/{seeds['client_id']}").json()

    def is_mailed() -> bool:
        return len(stack.mails(client["email"])) >= 2  # the quote and the booking

    eventually(is_mailed, 60, "the mails about a quote and its booking did not go out")


@pytest.mark.parametrize("timer", ["identity-schedule", "bookings-schedule"])
def test_timer_works_with_granted_actions(timer: str, stack: Stack) -> None:
    response = stack.client("lambda").invoke(FunctionName=stack.function(timer), Payload=b"{}")
    assert "FunctionError" not in response, response["Payload"].read().decode()


def test_route_permissions_exist() -> None:
    needed = {each.permission for each in list_operations()} - {"anyone", "signed-in"}
    assert needed <= PERMISSIONS
