"""Details of a booking that change neither its price nor what was promised: they can be edited at any time."""

from typing import Annotated, Final

from pydantic import Field

from coachway.core.schemas import RequestSchema
from coachway.core.types import ids

UserId = Annotated[str, Field(pattern=ids.pattern("usr"))]


class BookingDetails(RequestSchema):
    """Who handles a booking."""

    salesperson_id: Annotated[
        UserId | None,
        Field(
            description="The user who sells the trip, and who is told what the client does with the quote. Defaults to "
            "the user who creates the charter."
        ),
    ] = None


DETAILS: Final = frozenset(BookingDetails.model_fields)
"""The names of the fields."""
