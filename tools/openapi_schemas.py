"""The schemas of the API's document: as pydantic makes them, with names and forms for readers of ours."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from coachway.core.persistence.records import Entity

Json = dict[str, Any]


class Schemas(GenerateJsonSchema):
    """As pydantic makes them, but for defaults, titles, and what an answer always has."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """A field's name is its title."""
        return False

    def model_schema(self, schema: Any) -> Json:
        """Of an answer without what an entity hides; what a model writes in its own way may lack fields."""
        kind: type[BaseModel] = schema["cls"]
        before, self._whole = self._whole, not kind.__pydantic_decorators__.model_serializers
        try:
            made = super().model_schema(schema)
        finally:
            self._whole = before
        if self.mode == "serialization" and issubclass(kind, Entity):
            made["properties"] = {name: each for name, each in made["properties"].items() if name not in kind.hidden()}
            made["required"] = [name for name in made.get("required", []) if name not in kind.hidden()]
        return made

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Of an answer every field is there, if null."""
        return (self.mode == "serialization" and self._whole) or super().field_is_required(field, total)

    _whole = True

    def encode_default(self, dft: Any) -> Any:
        """An exact number as the number it is in requests, not as text."""
        return float(dft) if isinstance(dft, Decimal) else super().encode_default(dft)

    def default_schema(self, schema: Any) -> Json:
        """Without a default of null: it says nothing, and is not even valid where a PUT may leave a field out."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found


def _own(name: str) -> str:
    """A schema's own name, without its module and without whether it is sent or answered."""
    return name.rpartition("__")[2].partition("-")[0]


def named(document: Json) -> Json:
    """The document with names of schemas that tell nothing of our modules.

    pydantic gives two models of one name the path of their modules; here they have their capability's name before
    theirs: `DispatchReason`. One that is sent otherwise than it is answered is a `StopInput` and a `Stop`, a page of
    clients a `ClientPage`.
    """
    schemas = document["components"]["schemas"]
    names: dict[str, str] = {}
    # What is sent comes last, as it may be the same as what is answered; who has its name alone keeps it.
    for name in sorted(schemas, key=lambda each: (each.endswith("-Input"), "__" in each, each)):
        *modules, own = name.removeprefix("coachway__").split("__")
        own, _, sent = own.partition("-")
        if sent == "Input":
            same = [names[each] for each in names if _own(each) == own and schemas[each] == schemas[name]]
            if same:
                names[name] = same[0]
                continue
            own += "Input"
        own = re.sub(r"^Page_(\w+)_$", r"\1Page", own)
        wanted = (
            [own] if not modules else [f"{modules[0].title()}{own}", "".join(each.title() for each in modules) + own]
        )
        free = [each for each in [*wanted, f"{own}Sent"] if each not in names.values()]
        names[name] = free[0]
    document["components"]["schemas"] = {
        names[name]: {**schemas[name], "title": names[name]} for name in sorted(schemas, key=names.__getitem__)
    }
    _name_free_objects(document["components"]["schemas"])
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


def _name_free_objects(schemas: Json) -> None:
    """Give an object without fields of its own a title where the one a generator makes up is a component's name."""
    for owner, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            title = owner + "".join(word.title() for word in name.split("_"))
            if field.get("type") == "object" and title in schemas:
                field["title"] = f"{title}Object"


def inlined(schema: Any, definitions: Json) -> Any:
    """The schema of a parameter: without references, and without titles, which would repeat those of components."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: inlined(value, definitions) for key, value in schema.items() if key != "title"}
    return [inlined(each, definitions) for each in schema] if isinstance(schema, list) else schema


def without_null(schema: Json) -> Json:
    """A query parameter is there or not; it is never null."""
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return {**rest, **kinds[0]}
    return schema
