"""`docs/openapi.json`: the API's document, from the routes as they are declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from coachway import __version__
from coachway.core.answers import Answer, File, Html
from coachway.core.http import ANYONE, Route
from coachway.core.model import Changes, Entity, Page, partial
from coachway.core.problems import Problem
from tools.entries import Entry

Json = dict[str, Any]

REFUSALS: Final[Mapping[int, str]] = {
    400: "The request cannot be read: its body is no JSON, or a header has another form.",
    401: "No credentials, or wrong, forged or expired ones.",
    403: "The caller lacks the permission.",
    404: "There is nothing of that name in the caller's organization.",
    409: "A rule or the present state says no; `detail` names it.",
    410: "It was there, and is over.",
    412: "If-Match names a version that is not the current one.",
    413: "The body has more than 1,000,000 bytes.",
    415: "The body is of another media type than the route takes.",
    422: "Fields are wrong; `errors` lists them.",
    429: "Asked too often; Retry-After says when to come back.",
    502: "A service that we depend on did not answer.",
    503: "The service cannot do its work now.",
}


class _Schemas(GenerateJsonSchema):
    """As pydantic makes them, but for defaults."""

    def encode_default(self, dft: Any) -> Any:
        """An exact number as the number it is in requests, not as text."""
        return float(dft) if isinstance(dft, Decimal) else super().encode_default(dft)

    def default_schema(self, schema: Any) -> Json:
        """Without a default of null: it says nothing, and is not even valid where a PUT may leave a field out."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found


def document(entries: Iterable[Entry]) -> Json:
    """The OpenAPI 3.1 document of all routes."""
    entries = list(entries)
    routes = [route for entry in entries for route in entry.api.routes]
    pairs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for route in routes:
        pairs += [(model, "validation") for model in (_body_model(route),) if model]
        pairs += [(model, "serialization") for model in _answered(route.returns)]
    unique = list(dict.fromkeys(pairs))
    references, shared = models_json_schema(
        unique, ref_template="#/components/schemas/{model}", schema_generator=_Schemas
    )
    schemas = shared.get("$defs", {})
    for model, mode in unique:
        if issubclass(model, Entity) and mode == "serialization":
            _hide(schemas[references[model, mode]["$ref"].rpartition("/")[2]], model)
    paths: Json = {}
    for entry in entries:
        for route in entry.api.routes:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    return _named(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "CoachWay",
                "version": __version__,
                "summary": "Operations of charter-bus operators and moving companies.",
                "description": _ABOUT,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "../..", "description": "This deployment"}],
            "tags": _tags(entries),
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "responses": {str(status): _refusal(text) for status, text in REFUSALS.items()},
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                    "session": {
                        "type": "apiKey",
                        "in": "cookie",
                        "name": "coachway_session",
                        "description": "With X-CSRF-Token on everything that is not a GET.",
                    },
                },
            },
        }
    )


def _named(document: Json) -> Json:
    """The document with names of schemas that tell nothing of our modules.

    pydantic gives two models of one name the path of their modules; here they have their capability's name before
    theirs: `DispatchReason`.
    """
    schemas = document["components"]["schemas"]
    names = {name: name for name in schemas}
    for name in schemas:
        *modules, own = name.removeprefix("coachway__").split("__")
        if modules:
            short = f"{modules[0].title()}{own}"
            names[name] = short if short not in names.values() else "".join(each.title() for each in modules) + own
    document["components"]["schemas"] = dict(sorted((names[name], each) for name, each in schemas.items()))
    prefix = "#/components/schemas/"

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(each) for key, each in part.items()}
        if isinstance(part, list):
            return [renamed(each) for each in part]
        if isinstance(part, str) and part.startswith(prefix):
            return prefix + names[part.removeprefix(prefix)]
        return part

    return dict(renamed(document))


_ABOUT: Final = """\
Amounts are numbers with two decimals beside a `currency`; times are RFC 3339 with offset; distances are miles.
Errors are `application/problem+json`. Lists answer `items` and `next_cursor`. A POST honours `Idempotency-Key`;
single resources carry an `ETag` that `If-Match` takes."""


def _tags(entries: Iterable[Entry]) -> list[Json]:
    tags: dict[str, str] = {}
    for entry in entries:
        if not tags.get(entry.api.capability):
            tags[entry.api.capability] = entry.api.about
    return [{"name": name, "description": about} for name, about in sorted(tags.items())]


def _body_model(route: Route) -> type[BaseModel] | None:
    kind = route.takes.get("body") or route.takes.get("form")
    if kind is None:
        return None
    return partial(get_args(kind)[0]) if get_origin(kind) is Changes else kind


def _answered(kind: Any) -> list[type[BaseModel]]:
    if get_origin(kind) is list:
        return _answered(get_args(kind)[0])
    return [kind] if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _hide(schema: Json, entity: type[Entity]) -> None:
    for name in entity.hidden():
        schema.get("properties", {}).pop(name, None)
    schema["required"] = [name for name in schema.get("required", []) if name not in entity.hidden()]


def _refusal(text: str) -> Json:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _operation(route: Route, references: Mapping[Any, Json]) -> Json:
    summary, _, more = route.about.partition("\n")
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": summary.rstrip("."),
        "x-needs": route.needs,
        "security": [] if route.needs == ANYONE else [{"bearer": []}, {"apiKey": []}, {"session": []}],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, references),
    }
    if more.strip():
        operation["description"] = more.strip()
    if route.outside:
        operation["x-outside-roles"] = list(route.outside)
    model = _body_model(route)
    if model:
        media = "application/x-www-form-urlencoded" if "form" in route.takes else "application/json"
        content: Json = {"schema": references[model, "validation"]}
        example = _example(route)
        if example is not None:
            content["example"] = example
        needed = any(field.is_required() for field in model.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": {media: content}}
    return operation


def _example(route: Route) -> Any:
    kind = route.takes.get("body") or route.takes.get("form")
    model = get_args(kind)[0] if get_origin(kind) is Changes else kind
    extra = getattr(model, "model_config", {}).get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return examples[0] if isinstance(examples, list) and examples else None


def _path_parameters(route: Route) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [
        {"name": name, "in": "path", "required": True, "schema": TypeAdapter(route.takes[name]).json_schema()}
        for name in names
    ]


def _query_parameters(route: Route) -> list[Json]:
    model = route.takes.get("query")
    if model is None:
        return []
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": _without_null(_inlined(field, definitions)),
        }
        for name, field in schema["properties"].items()
    ]


def _inlined(schema: Any, definitions: Json) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(each, definitions) for each in schema] if isinstance(schema, list) else schema


def _without_null(schema: Json) -> Json:
    """A query parameter is there or not; it is never null."""
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return {**rest, **kinds[0]}
    return schema


def _header_parameters(route: Route) -> list[Json]:
    headers: list[Json] = []
    if route.method == "POST" and "form" not in route.takes:
        headers.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key and body get the first answer again, for a day.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            }
        )
    if "if_match" in route.takes:
        headers.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The ETag of the version that is meant.",
                "schema": {"type": "string", "pattern": '^(\\*|(W/)?"?[0-9]{1,9}"?)$'},
            }
        )
    return headers


def _responses(route: Route, references: Mapping[Any, Json]) -> Json:
    answers: Json = {str(route.status): _success(route, references)}
    if route.method == "GET" and isinstance(route.returns, type) and issubclass(route.returns, Entity):
        answers["304"] = {"description": "Not changed since the ETag in If-None-Match."}
    if route.path.endswith("/health"):
        answers["503"] = _success(route, references)
    for status in sorted(refusals(route)):
        as_page = {"description": REFUSALS[status], "content": {"text/html": {"schema": {"type": "string"}}}}
        answers[str(status)] = as_page if route.refusal else {"$ref": f"#/components/responses/{status}"}
    return answers


def refusals(route: Route) -> set[int]:
    """The statuses of errors that this route may answer with."""
    found = set(route.errors)
    if route.needs != ANYONE:
        found |= {401, 403}
    if "{" in route.path:
        found.add(404)
    if _body_model(route):
        found |= {400, 413, 415, 422}
    if route.method == "POST":
        found |= {413, 422}
    if "query" in route.takes:
        found.add(422)
    if "if_match" in route.takes:
        found |= {400, 412}
    if route.method != "GET":
        found.add(409)
    return found


def _success(route: Route, references: Mapping[Any, Json]) -> Json:
    kind = route.returns
    if route.status == 204 or kind in {None, type(None)}:
        return {"description": "Done; there is nothing to say."}
    if kind in {Html, File, Answer} or route.media != "application/json":
        media = "text/html" if kind is Html else route.media
        schema = _content(kind, media)
        return {"description": "A page." if kind is Html else "The content.", "content": {media: {"schema": schema}}}
    schema = _content(kind, "application/json")
    headers: Json = {}
    if get_origin(kind) is list:
        schema = {"type": "array", "items": references[get_args(kind)[0], "serialization"]}
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        schema = references[kind, "serialization"]
        if issubclass(kind, Entity):
            headers = {"ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}}}
    answer: Json = {"description": _describe(kind), "content": {"application/json": {"schema": schema}}}
    return {**answer, "headers": headers} if headers else answer


def _content(kind: Any, media: str) -> Json:
    if media == "application/json":
        return {"type": "object"}
    if media == "*/*":
        return {}  # one of several kinds, as was asked for
    return {"type": "string", "format": "binary"} if kind is File else {"type": "string"}


def _describe(kind: Any) -> str:
    if get_origin(kind) is list:
        return "All of them."
    if isinstance(kind, type) and issubclass(kind, Page):
        return "A page of the list."
    about = (getattr(kind, "__doc__", None) or "The result.").strip().splitlines()[0]
    return about if about.endswith(".") else f"{about}."
