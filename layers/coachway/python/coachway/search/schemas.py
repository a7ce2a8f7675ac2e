"""The query and the results of a search."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.text import LINE
from coachway.search.rules import HitKind


class SearchQuery(RequestSchema):
    """What to search for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "meer"}]})

    q: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        LINE,
        Field(description="Words, a number, an email address or a phone number."),
    ]
    kind: Annotated[HitKind | None, Field(description="Find records of this kind only.")] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class SearchHit(BaseSchema):
    """A record that was found. `title` and `subtitle` show what it is."""

    kind: HitKind
    id: str
    title: str
    subtitle: str
    status: Annotated[str | None, Field(description="The current status; null for kinds that have none.")] = None
    client_id: Annotated[str | None, Field(description="The client of the record, if it has one.")] = None
    created_at: AwareDatetime


class SearchResults(BaseSchema):
    """The records that were found. Those that have the words exactly come first, then those that have them as
    beginnings; each newest first.
    """

    items: list[SearchHit]
    is_complete: Annotated[
        bool, Field(description="False if there are more records than were found. Add a word or a number.")
    ]
