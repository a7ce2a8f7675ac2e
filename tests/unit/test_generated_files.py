"""What is generated is up to date, and what is written twice says the same both times."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from coachway.core.persistence import table
from tests.samples import SAMPLES, fill, read_sample, sample_text
from tests.template import ROOT, functions, grants, load_yaml, resources_of_type, role_of, template
from tools import openapi_schemas
from tools.entries import list_api_entries, load

SAMPLE_NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*.json"))


def _entry(function: str) -> tuple[str, str, str]:
    """The capability, module and name of a function's handler."""
    properties = functions()[function]
    module, _, name = properties["Handler"].partition(".")
    return Path(properties["CodeUri"]).name, module, name


def test_generated_files_are_what_the_code_would_generate() -> None:
    # In a process of its own: what other tests declare for themselves does not belong to the product.
    python_path = os.pathsep.join([str(ROOT / "layers/coachway/python"), str(ROOT)])
    checked = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_document_is_openapi() -> None:
    OpenAPIV31SpecValidator(json.loads((ROOT / "docs/openapi.json").read_text())).validate()


def test_the_document_tells_of_every_operation_and_parameter_what_it_is_for() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 200
    assert [each["operationId"] for each in operations if not (each["summary"] and each["description"])] == []
    unsaid = [
        (each["operationId"], one["name"])
        for each in operations
        for one in each["parameters"]
        if not one["description"]
    ]
    assert unsaid == [], "say it in tools/openapi_words.py, or in a description of the field"
    assert not [name for name in document["components"]["schemas"] if not name.isalnum()]
    kept = {"org_id", "deleted_at"}
    shown = [
        name for name, each in document["components"]["schemas"].items() if kept & each.get("properties", {}).keys()
    ]
    assert shown == [], "an answer keeps these to itself"


def test_two_schemas_do_not_get_the_same_name() -> None:
    """An enumeration that is sent, and the model of a body, were both a `StatusInput` once."""
    status: dict[str, Any] = {"enum": ["open"]}
    body: dict[str, Any] = {"type": "object"}
    schemas = {"Status-Input": status, "coachway__a__Status-Output": status, "StatusInput": body, "Stop-Input": body}
    schemas |= {"Stop-Output": status, "coachway__b__Status": body, "Page_Stop_": status}
    named = openapi_schemas.rename_schemas({"components": {"schemas": schemas}})["components"]["schemas"]
    wanted = {"AStatus": status, "BStatus": body, "StatusInput": body, "Stop": status, "StopInput": body}
    wanted |= {"StopPage": status}
    assert named == {name: {**schema, "title": name} for name, schema in wanted.items()}


def test_every_example_of_a_body_is_one() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    parts = {"components": {"schemas": document["components"]["schemas"]}}
    for operations in document["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                Draft202012Validator({**content["schema"], **parts}).validate(content["example"])


def test_every_success_response_has_an_example() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    without = [
        (operation["operationId"], media)
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media, content in response.get("content", {}).items()
        if "example" not in content
    ]
    assert without == [], "record it with make answers, or add it to docs/handwritten_answers.json"


def test_operation_ids_are_verb_and_object() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "events/schemas").glob("*.json")), ids=lambda path: str(path.stem))
def test_event_schemas_are_json_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_the_template_declares_the_table_that_the_code_uses() -> None:
    declared = resources_of_type("AWS::DynamoDB::Table")["Table"]
    wanted = table.schema("any")

    def by_name(many: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
        return {each[name]: each for each in many}

    assert declared["KeySchema"] == wanted["KeySchema"]
    for listing, name in (("AttributeDefinitions", "AttributeName"), ("GlobalSecondaryIndexes", "IndexName")):
        assert by_name(declared[listing], name) == by_name(wanted[listing], name)
    assert declared["BillingMode"] == wanted["BillingMode"]
    assert declared["StreamSpecification"]["StreamViewType"] == wanted["StreamSpecification"]["StreamViewType"]
    assert declared["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("function", functions())
def test_every_function_of_the_template_has_its_handler(function: str) -> None:
    capability, module, name = _entry(function)
    assert callable(getattr(load(capability, module), name))


def test_every_entry_of_the_code_is_a_function_of_the_template() -> None:
    written = {(path.parent.name, path.stem) for path in (ROOT / "functions").glob("*/*.py")}
    assert written == {_entry(function)[:2] for function in functions()}
    assert {entry.function for entry in list_api_entries()} <= functions().keys()


def test_the_gateway_may_invoke_the_functions_that_serve_routes_and_no_other() -> None:
    [statement] = grants("GatewayRole")
    assert statement["Action"] == "lambda:InvokeFunction"
    assert {each["Fn::GetAtt"] for each in statement["Resource"]} == {
        f"{each.function}.Arn" for each in list_api_entries()
    }
    integrations = [
        method["x-amazon-apigateway-integration"]
        for methods in load_yaml("infra/api.yaml")["paths"].values()
        for method in methods.values()
    ]
    assert all(each["credentials"] == {"Fn::GetAtt": ["GatewayRole", "Arn"]} for each in integrations)


@pytest.mark.parametrize("function", functions())
def test_names_in_the_template_follow_from_the_entry(function: str) -> None:
    properties = functions()[function]
    name = properties["FunctionName"]["Fn::Sub"].removeprefix("coachway-${Environment}-")
    assert role_of(function) == function.removesuffix("Function") + "Role"
    assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name
    log = template()["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]
    assert log == {"Fn::Sub": f"/aws/lambda/coachway-${{Environment}}-{name}"}


@pytest.mark.parametrize("sample", SAMPLE_NAMES)
def test_a_sample_belongs_to_a_function(sample: str) -> None:
    assert sample in {"/".join(_entry(function)[:2]) for function in functions()}
    assert read_sample(sample)


@pytest.mark.parametrize("sample", SAMPLE_NAMES)
def test_a_sample_has_no_date_that_grows_old(sample: str) -> None:
    dates = re.findall(r"20\d\d-\d\d-\d\d", sample_text(sample))
    assert not dates, "write {now}, {now+7d} or {today} for a date: tests/samples.py resolves them"


def test_a_sample_is_filled_with_the_moments_of_its_reading() -> None:
    text = "{now} {now+7d} {now-90m} {today} {today-1d} {last_month} {access_token}"
    filled = fill(text, datetime(2028, 1, 1, 0, 30, tzinfo=UTC), {"access_token": "t"})
    expected = "2028-01-01T00:30:00Z 2028-01-08T00:30:00Z 2027-12-31T23:00:00Z 2028-01-01 2027-12-31 2027-12 t"
    assert filled == expected
