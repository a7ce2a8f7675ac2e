"""Schemas of the OpenAPI document: those of pydantic, with names and required fields for readers of the API."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from coachway.core.persistence.records import Entity
from tools import openapi_fields

Json = dict[str, Any]


class Schemas(GenerateJsonSchema):
    """Pydantic's schemas with other defaults and titles, and with all fields of a response required."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Leave out titles of fields, which repeat their names."""
        return False

    def model_schema(self, schema: Any) -> Json:
        """Leave out the hidden fields of an entity. A model with a serializer of its own may lack fields."""
        kind: type[BaseModel] = schema["cls"]
        previous, self._is_complete = self._is_complete, not kind.__pydantic_decorators__.model_serializers
        try:
            result = super().model_schema(schema)
        finally:
            self._is_complete = previous
        if self.mode == "serialization" and issubclass(kind, Entity):
            hidden = kind.hidden()
            result["properties"] = {name: field for name, field in result["properties"].items() if name not in hidden}
            result["required"] = [name for name in result.get("required", []) if name not in hidden]
        return result

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Every field of a response is present, even if null."""
        return (self.mode == "serialization" and self._is_complete) or super().field_is_required(field, total)

    _is_complete = True

    def encode_default(self, dft: Any) -> Any:
        """Write a decimal default as a number, as in requests, not as text."""
        return float(dft) if isinstance(dft, Decimal) else super().encode_default(dft)

    def default_schema(self, schema: Any) -> Json:
        """Leave out a default of null, which is invalid where a PUT can omit the field."""
        result = super().default_schema(schema)
        if result.get("default", ...) is None:
            del result["default"]
        return result


def _base_name(name: str) -> str:
    """The name of the model, without its module and without `-Input` or `-Output`."""
    return name.rpartition("__")[2].partition("-")[0]


def rename_schemas(document: Json) -> Json:
    """The document with schema names that do not contain our modules.

    Pydantic prefixes two models of the same name with their modules; here they get the name of their capability:
    `DispatchReason`. A model whose requests differ from its responses becomes `StopInput` and `Stop`, a page of clients
    `ClientPage`.
    """
    schemas = document["components"]["schemas"]
    names: dict[str, str] = {}
    # Requests come last, because a request can have the schema of its response. A unique name stays as it is.
    for name in sorted(schemas, key=lambda each: (each.endswith("-Input"), "__" in each, each)):
        *modules, own = name.removeprefix("coachway__").split("__")
        own, _, direction = own.partition("-")
        if direction == "Input":
            equal = [names[each] for each in names if _base_name(each) == own and schemas[each] == schemas[name]]
            if equal:
                names[name] = equal[0]
                continue
            own += "Input"
        own = re.sub(r"^Page_(\w+)_$", r"\1Page", own)
        preferred = (
            [own] if not modules else [f"{modules[0].title()}{own}", "".join(each.title() for each in modules) + own]
        )
        free = [each for each in [*preferred, f"{own}Request"] if each not in names.values()]
        names[name] = free[0]
    document["components"]["schemas"] = {
        names[name]: {**schemas[name], "title": names[name]} for name in sorted(schemas, key=names.__getitem__)
    }
    _name_free_objects(document["components"]["schemas"])
    prefix = "#/components/schemas/"

    def rename(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: rename(each) for key, each in part.items()}
        if isinstance(part, list):
            return [rename(each) for each in part]
        if isinstance(part, str) and part.startswith(prefix):
            return prefix + names[part.removeprefix(prefix)]
        return part

    return dict(rename(document))


def _name_free_objects(schemas: Json) -> None:
    """Give an object without fields a title, if the title that client generators derive is the name of a component."""
    for owner, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            title = owner + "".join(word.title() for word in name.split("_"))
            if field.get("type") == "object" and title in schemas:
                field["title"] = f"{title}Object"


def describe_fields(schemas: Json) -> None:
    """Add the descriptions of `openapi_fields` to fields whose model has none. References have that of their schema."""
    for owner, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            about = openapi_fields.FIELDS_OF_SCHEMAS.get(f"{owner}.{name}", openapi_fields.FIELDS.get(name))
            if about and not {"description", "$ref"} & field.keys() and "$ref" not in str(field.get("anyOf")):
                field["description"] = about


def inline_references(schema: Any, definitions: Json) -> Any:
    """The schema of a parameter: without references, and without titles, which would repeat those of components."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return inline_references(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: inline_references(value, definitions) for key, value in schema.items() if key != "title"}
    return [inline_references(each, definitions) for each in schema] if isinstance(schema, list) else schema


def remove_null(schema: Json) -> Json:
    """The schema of a query parameter, which is never null."""
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return {**rest, **kinds[0]}
    return schema
