"""The template, the API document and the samples agree with the code. `make check` tests that they are up to date."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, SchemaError

from coachway.core.persistence import table
from tests.samples import SAMPLES, fill, read_sample, sample_text
from tests.template import ROOT, functions, get_role_name, grants, load_yaml, resources_of_type, template
from tools import openapi_fields, openapi_schemas
from tools.function_modules import list_api_entries, load

SAMPLE_NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*.json"))


def _entry(function: str) -> tuple[str, str, str]:
    """The capability, module and name of a function's handler."""
    properties = functions()[function]
    module, _, name = properties["Handler"].partition(".")
    return Path(properties["CodeUri"]).name, module, name


def test_every_operation_and_parameter_has_a_description_and_hidden_fields_are_absent() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 200
    assert [each["operationId"] for each in operations if not (each["summary"] and each["description"])] == []
    undescribed = [
        (each["operationId"], parameter["name"])
        for each in operations
        for parameter in each["parameters"]
        if not parameter["description"]
    ]
    assert undescribed == [], "add a description to the field or to tools/openapi_texts.py"
    assert not [name for name in document["components"]["schemas"] if not name.isalnum()]
    hidden = {"org_id", "deleted_at"}
    exposed = [
        name for name, each in document["components"]["schemas"].items() if hidden & each.get("properties", {}).keys()
    ]
    assert exposed == [], "responses must not contain org_id or deleted_at"


def test_descriptions_of_fields_are_used() -> None:
    schemas = json.loads((ROOT / "docs/openapi.json").read_text())["components"]["schemas"]
    described = {
        (owner, name): field.get("description")
        for owner, schema in schemas.items()
        for name, field in schema.get("properties", {}).items()
    }
    names = {name for name, about in openapi_fields.FIELDS.items() if about in _list_values(described, name)}
    assert sorted(openapi_fields.FIELDS.keys() - names) == [], "remove these from tools/openapi_fields.py"
    for key, about in openapi_fields.FIELDS_OF_SCHEMAS.items():
        owner, name = key.split(".")
        assert described[owner, name] == about


def _list_values(described: dict[tuple[str, str], Any], field: str) -> set[Any]:
    return {about for (_, name), about in described.items() if name == field}


def test_rename_schemas_gives_unique_names() -> None:
    """The enumeration `Status-Input` and the request model `StatusInput` need different names."""
    status: dict[str, Any] = {"enum": ["open"]}
    body: dict[str, Any] = {"type": "object"}
    schemas = {"Status-Input": status, "coachway__a__Status-Output": status, "StatusInput": body, "Stop-Input": body}
    schemas |= {"Stop-Output": status, "coachway__b__Status": body, "Page_Stop_": status}
    renamed = openapi_schemas.rename_schemas({"components": {"schemas": schemas}})["components"]["schemas"]
    expected = {"AStatus": status, "BStatus": body, "StatusInput": body, "Stop": status, "StopInput": body}
    expected |= {"StopPage": status}
    assert renamed == {name: {**schema, "title": name} for name, schema in expected.items()}


def test_examples_of_request_bodies_match_their_schemas() -> None:
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
    assert without == [], "record it with make examples, or add it to docs/handwritten_api_examples.json"


def test_operation_ids_are_verb_and_object() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)] == []


def test_event_schemas_are_json_schema() -> None:
    paths = sorted((ROOT / "events/schemas").glob("*.json"))
    assert paths
    invalid = []
    for path in paths:
        try:
            Draft202012Validator.check_schema(json.loads(path.read_text()))
        except SchemaError as error:
            invalid.append(f"{path.name}: {error}")
    assert invalid == []


def test_template_declares_the_table_of_the_code() -> None:
    declared = resources_of_type("AWS::DynamoDB::Table")["Table"]
    expected = table.schema("any")

    def by_name(definitions: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
        return {each[name]: each for each in definitions}

    assert declared["KeySchema"] == expected["KeySchema"]
    for listing, name in (("AttributeDefinitions", "AttributeName"), ("GlobalSecondaryIndexes", "IndexName")):
        assert by_name(declared[listing], name) == by_name(expected[listing], name)
    assert declared["BillingMode"] == expected["BillingMode"]
    assert declared["StreamSpecification"]["StreamViewType"] == expected["StreamSpecification"]["StreamViewType"]
    assert declared["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("function", functions())
def test_function_of_template_has_a_handler(function: str) -> None:
    capability, module, name = _entry(function)
    assert callable(getattr(load(capability, module), name))


def test_every_entry_is_a_function_of_the_template() -> None:
    entries = {(path.parent.name, path.stem) for path in (ROOT / "functions").glob("*/*.py")}
    assert entries == {_entry(function)[:2] for function in functions()}
    assert {entry.function for entry in list_api_entries()} <= functions().keys()


def test_gateway_role_may_invoke_only_functions_with_routes() -> None:
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
def test_names_of_resources_follow_from_the_function(function: str) -> None:
    properties = functions()[function]
    name = properties["FunctionName"]["Fn::Sub"].removeprefix("coachway-${Environment}-")
    assert get_role_name(function) == function.removesuffix("Function") + "Role"
    assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name
    log_group = template()["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]
    assert log_group == {"Fn::Sub": f"/aws/lambda/coachway-${{Environment}}-{name}"}


@pytest.mark.parametrize("sample", SAMPLE_NAMES)
def test_sample_belongs_to_a_function(sample: str) -> None:
    assert sample in {"/".join(_entry(function)[:2]) for function in functions()}
    assert read_sample(sample)


@pytest.mark.parametrize("sample", SAMPLE_NAMES)
def test_sample_has_no_fixed_date(sample: str) -> None:
    dates = re.findall(r"20\d\d-\d\d-\d\d", sample_text(sample))
    assert not dates, "write {now}, {now+7d} or {today} for a date: tests/samples.py resolves them"


def test_fill_replaces_placeholders() -> None:
    text = "{now} {now+7d} {now-90m} {today} {today-1d} {last_month} {access_token}"
    filled = fill(text, datetime(2028, 1, 1, 0, 30, tzinfo=UTC), {"access_token": "t"})
    expected = "2028-01-01T00:30:00Z 2028-01-08T00:30:00Z 2027-12-31T23:00:00Z 2028-01-01 2027-12-31 2027-12 t"
    assert filled == expected
