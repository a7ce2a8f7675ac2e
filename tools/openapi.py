"""Generates `docs/openapi.json` from the declarations of the routes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args, get_origin

from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from coachway import __version__
from coachway.core.errors import Error
from coachway.core.http.response_types import FileResponse, HtmlResponse, Response
from coachway.core.http.route import Route
from coachway.core.http.routing import PUBLIC
from coachway.core.persistence.records import Entity
from coachway.core.problem_details import Problem
from coachway.core.schemas import Page, PartialUpdate, optional_fields_model
from tools import error_codes, openapi_texts
from tools.function_modules import Entry
from tools.functions import ROOT
from tools.openapi_examples import complete_example
from tools.openapi_schemas import Schemas, describe_fields, inline_references, remove_null, rename_schemas
from tools.openapi_texts import ERROR_STATUSES

Json = dict[str, Any]

RECORDED_EXAMPLES: Final = ROOT / "docs/api_examples.json"
"""Recorded responses of a stack by operation id, written by `make examples`."""
HANDWRITTEN_EXAMPLES: Final = ROOT / "docs/handwritten_api_examples.json"
"""Responses that cannot be recorded, such as those to a signed webhook."""


def build_document(entries: Iterable[Entry]) -> Json:
    """The OpenAPI 3.1 document of all routes."""
    entries = list(entries)
    routes = [route for entry in entries for route in entry.api.routes]
    pairs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for route in routes:
        pairs += [(model, "validation") for model in (_body_model(route),) if model]
        pairs += [(model, "serialization") for model in _response_models(route.response_type)]
    unique = list(dict.fromkeys(pairs))
    references, shared = models_json_schema(
        unique, by_alias=False, ref_template="#/components/schemas/{model}", schema_generator=Schemas
    )
    schemas = shared.get("$defs", {})
    paths: Json = {}
    for entry in entries:
        for route in entry.api.routes:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    document = rename_schemas(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "CoachWay",
                "version": __version__,
                "summary": "Operations platform for charter-bus operators and moving companies.",
                "description": openapi_texts.ABOUT,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "../..", "description": "This deployment"}],
            "tags": _tags(entries),
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "responses": _error_responses(route for route in routes if not route.error_page),
                "examples": {kind.code: error_codes.example(kind) for kind in error_codes.all_errors()},
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                    "session": {
                        "type": "apiKey",
                        "in": "cookie",
                        "name": "coachway_session",
                        "description": "With X-CSRF-Token on every request other than GET.",
                    },
                },
            },
        }
    )
    describe_fields(document["components"]["schemas"])
    _add_examples(document)
    return document


def _add_examples(document: Json) -> None:
    """Add an example to each success response: a recorded response if it still fits, else a handwritten one.

    Fields that were added since are completed.
    """
    recorded: Json = json.loads(RECORDED_EXAMPLES.read_text())
    handwritten: Json = json.loads(HANDWRITTEN_EXAMPLES.read_text())
    schemas: Json = document["components"]["schemas"]
    parts = {"components": {"schemas": schemas}}
    for operations in document["paths"].values():
        for operation in operations.values():
            name = operation["operationId"]
            candidates = [examples[name] for examples in (recorded, handwritten) if name in examples]
            for content in _success_contents(operation):
                for media, part in content.items():
                    fits = Draft202012Validator({**part["schema"], **parts}).is_valid
                    examples = (
                        [
                            complete_example(each, part["schema"], document["components"]["schemas"])
                            for each in candidates
                        ]
                        if media == "application/json"
                        else [openapi_texts.FILE_EXAMPLES[media]]
                    )
                    if example := next(filter(fits, examples), None):
                        part["example"] = example


def _success_contents(operation: Json) -> list[Json]:
    return [
        response["content"]
        for status, response in operation["responses"].items()
        if status.startswith("2") and "content" in response
    ]


def _tags(entries: Iterable[Entry]) -> list[Json]:
    tags: dict[str, str] = {}
    for entry in entries:
        if not tags.get(entry.api.capability):
            tags[entry.api.capability] = entry.api.description
    return [{"name": name, "description": about} for name, about in sorted(tags.items())]


def _body_model(route: Route) -> type[BaseModel] | None:
    kind = route.parameters.get("body") or route.parameters.get("form")
    if kind is None:
        return None
    return optional_fields_model(get_args(kind)[0]) if get_origin(kind) is PartialUpdate else kind


def _response_models(kind: Any) -> list[type[BaseModel]]:
    if get_origin(kind) is list:
        return _response_models(get_args(kind)[0])
    return [kind] if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _error_responses(routes: Iterable[Route]) -> Json:
    """The responses that routes refer to: one for each combination of codes under one status."""
    shared: Json = {}
    for route in routes:
        for status, kinds in error_codes.by_status(error_codes.route_errors(route)).items():
            examples = {kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds}
            content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
            shared[_response_key(status, kinds)] = {
                "description": ERROR_STATUSES[status],
                "content": {"application/problem+json": content},
            }
    return dict(sorted(shared.items()))


def _response_key(status: int, kinds: Iterable[type[Error]]) -> str:
    return ".".join([str(status), *(kind.code for kind in kinds)])


def _operation(route: Route, references: Mapping[Any, Json]) -> Json:
    summary, _, more = route.description.partition("\n")
    access = openapi_texts.describe_access(route.permission, route.external_roles)
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": summary.rstrip("."),
        "description": "\n\n".join(filter(None, [more.strip(), access])),
        "x-permission": route.permission,
        "security": [] if route.permission == PUBLIC else [{"bearer": []}, {"apiKey": []}, {"session": []}],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, references),
    }
    if route.external_roles:
        operation["x-external-roles"] = list(route.external_roles)
    model = _body_model(route)
    if model:
        media = "application/x-www-form-urlencoded" if "form" in route.parameters else "application/json"
        content: Json = {"schema": references[model, "validation"]}
        example = _body_example(route)
        if example is not None:
            content["example"] = example
        needed = any(field.is_required() for field in model.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": {media: content}}
    return operation


def _body_example(route: Route) -> Any:
    kind = route.parameters.get("body") or route.parameters.get("form")
    model = get_args(kind)[0] if get_origin(kind) is PartialUpdate else kind
    extra = getattr(model, "model_config", {}).get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return examples[0] if isinstance(examples, list) and examples else None


def _path_parameters(route: Route) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": openapi_texts.describe_parameter(name, "path"),
            "schema": TypeAdapter(route.parameters[name]).json_schema(schema_generator=Schemas),
        }
        for name in names
    ]


def _query_parameters(route: Route) -> list[Json]:
    model = route.parameters.get("query")
    if model is None:
        return []
    schema = model.model_json_schema(by_alias=False, ref_template="#/$defs/{model}", schema_generator=Schemas)
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "description": field.pop("description", "") or openapi_texts.describe_parameter(name, "query"),
            "schema": remove_null(inline_references(field, definitions)),
        }
        for name, field in schema["properties"].items()
    ]


def _header_parameters(route: Route) -> list[Json]:
    headers: list[Json] = []
    for name, about in openapi_texts.SIGNATURE_HEADERS.get(route.name, {}).items():
        headers.append(
            {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
        )
    if route.is_idempotent:
        headers.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Unique key. For one day, the same request with this key returns the first response.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            }
        )
    if "if_match" in route.parameters:
        headers.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "ETag of the version to change. Returns 412 if it is not the current one.",
                "schema": {"type": "string", "pattern": '^(\\*|(W/)?"?[0-9]{1,9}"?)$'},
            }
        )
    return headers


def _responses(route: Route, references: Mapping[Any, Json]) -> Json:
    successes = [status for status in (route.status, route.other_status) if status is not None]
    answers: Json = {str(status): _success_response(route, references) for status in successes}
    if route.method == "GET" and route.returns_entity:
        answers["304"] = {"description": "Not modified since the ETag in If-None-Match."}
    if route.path.endswith("/health"):
        answers["503"] = _success_response(route, references)
    for status, kinds in error_codes.by_status(error_codes.route_errors(route)).items():
        as_page = {"description": ERROR_STATUSES[status], "content": {"text/html": {"schema": {"type": "string"}}}}
        answers[str(status)] = (
            as_page if route.error_page else {"$ref": f"#/components/responses/{_response_key(status, kinds)}"}
        )
    return answers


def _success_response(route: Route, references: Mapping[Any, Json]) -> Json:
    kind = route.response_type
    if route.status == 204 or kind in {None, type(None)}:
        return {"description": "Done."}
    if kind in {HtmlResponse, FileResponse, Response} or route.media != "application/json":
        kinds = ["text/html"] if kind is HtmlResponse else route.media.split(", ")
        content = {media: {"schema": _file_schema(kind, media)} for media in kinds}
        return {"description": "An HTML page." if kind is HtmlResponse else "The file.", "content": content}
    schema = _file_schema(kind, "application/json")
    headers: Json = {}
    if get_origin(kind) is list:
        schema = {"type": "array", "items": references[get_args(kind)[0], "serialization"]}
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        schema = references[kind, "serialization"]
        if issubclass(kind, Entity):
            headers = {"ETag": {"description": "Version of the resource, for If-Match.", "schema": {"type": "string"}}}
    response: Json = {"description": _describe_response(kind), "content": {"application/json": {"schema": schema}}}
    return {**response, "headers": headers} if headers else response


def _file_schema(kind: Any, media: str) -> Json:
    if media == "application/json":
        return {"type": "object"}
    is_text = kind is not FileResponse or media.startswith("text/")
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _describe_response(kind: Any) -> str:
    if get_origin(kind) is list:
        return "The complete list."
    if isinstance(kind, type) and issubclass(kind, Page):
        return "One page of the list."
    about = (getattr(kind, "__doc__", None) or "The result.").strip().splitlines()[0]
    return about if about.endswith(".") else f"{about}."
