"""The pages that clients see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings.quote_page import QuotePage
from coachway.bookings.wording import brand_of
from coachway.core import pages
from coachway.core.answers import Html
from coachway.core.model import Input
from coachway.identity.model import Organization

TEMPLATES: Final = Path(__file__).parent / "templates"


class Acceptance(Input):
    """What the form posts that accepts a quote; a name or tick that is missing is asked for on the page."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee", "agreed": True}]}
    )

    revision_number: Annotated[int, Field(ge=1, description="the revision that was seen")]
    accepted_by: Annotated[str, Field(max_length=200)] = ""
    agreed: bool = False


class Refusal(Input):
    """What the form posts that declines a quote."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "reason": "The date moved."}]})

    revision_number: Annotated[int, Field(ge=1, description="the revision that was seen")]
    reason: Annotated[str, Field(max_length=1000)] = ""


def drawn(
    quote: QuotePage,
    organization: Organization,
    *,
    here: str = "",
    status: int = 200,
    sent: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Html:
    """The page of a quote. `here` leads from the page's own address to its forms'."""
    return pages.html(
        TEMPLATES,
        "quote.html",
        brand=brand_of(organization),
        status=status,
        quote=quote,
        here=here,
        sent={"accepted_by": "", "reason": "", **(sent or {})},
        errors=wrong or {},
    )
