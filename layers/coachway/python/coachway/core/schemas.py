"""Base classes of request and response schemas, pages of lists, and partial updates."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from coachway.core import problem_details
from coachway.core.types.stored_values import StoredContext


class BaseSchema(BaseModel):
    """Base of every model.

    Validators are built at first use, not at the start of a function. Validation errors do not contain the input,
    because they may be logged.
    """

    model_config = ConfigDict(defer_build=True, hide_input_in_errors=True)


class RequestSchema(BaseSchema):
    """Base of request schemas. Unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


T = TypeVar("T")


E = TypeVar("E", bound=BaseModel)


class Page(BaseSchema, Generic[T]):
    """One page of a list. `next_cursor` is null on the last page; a page can have fewer items than `limit`."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(RequestSchema):
    """Page size and cursor of a list."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=1024)] | None = None


SearchWords = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="Only records with all these words, as `GET /search` finds them. They are sorted by the word that "
        "matches, those with the same word newest first.",
    ),
]
"""The words by which a list is searched."""


@dataclass(frozen=True, slots=True)
class PartialUpdate(Generic[E]):
    """The fields sent in the body of a PUT, validated one by one. Fields that are not sent do not change."""

    fields: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.fields


@cache
def optional_fields_model(model: type[BaseModel]) -> type[BaseModel]:
    """Return a model with the fields of `model`, all optional."""
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        optional = copy(info)
        optional.default, optional.default_factory = None, None
        fields[name] = (info.annotation, optional)
    result: type[BaseModel] = create_model(f"{model.__name__}Changes", __base__=RequestSchema, **fields)
    return result


def apply_changes(entity: E, changes: PartialUpdate[Any]) -> E:
    """Return a validated copy of `entity` with the fields in `changes`, which are valid by themselves.

    Raises Invalid if the fields contradict each other.
    """
    context = StoredContext(changed=changes.fields.keys())
    try:
        return type(entity).model_validate({**entity.model_dump(), **changes.fields}, context=context)
    except ValidationError as failure:
        raise problem_details.validation_error(failure, of_body=False) from None
