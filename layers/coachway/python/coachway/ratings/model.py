"""Ratings, and their access patterns in the table."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from coachway.bookings.charters.model import CharterId
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.personal import Personal
from coachway.core.types.text import PARAGRAPH, Note, Text
from coachway.ratings.rules import convert_to_half_points
from coachway.vendors.model import VendorId

RatingId = Annotated[str, Field(pattern=ids.pattern("rat"))]
Points = Annotated[float, Field(ge=1, le=5, multiple_of=0.5, examples=[4.5])]
"""A rating from 1 to 5 in steps of a half."""

RATING = AccessPattern("a rating of a vendor", pk="ORG#{org}#RATING#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "ratings, newest first, by month",
    index="gsi1",
    pk="ORG#{org}#RATINGS#{month}",
    sk="{id}",
)
BY_VENDOR = AccessPattern(
    "the ratings of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#RATINGS_OF_VENDOR#{vendor}",
    sk="{id}",
)
BY_CHARTER = AccessPattern(
    "the ratings of a charter: one for each vendor that ran it",
    index="gsi3",
    pk="ORG#{org}#RATINGS_OF_CHARTER#{charter}",
    sk="{id}",
)


class RatingInput(RequestSchema):
    """The rating of a vendor for a charter."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "overall_rating": 4.5,
                    "vehicle_condition_rating": 5.0,
                    "driver_professionalism_rating": 4.5,
                    "on_time_performance_rating": 4.0,
                    "communication_rating": 5.0,
                    "value_for_money_rating": 4.5,
                    "review_title": "Excellent Service!",
                    "review_text": "The coach was in pristine condition.",
                    "would_recommend": True,
                    "would_use_again": True,
                }
            ]
        }
    )

    vendor_id: VendorId
    charter_id: CharterId
    overall_rating: Points
    vehicle_condition_rating: Points | None = None
    driver_professionalism_rating: Points | None = None
    on_time_performance_rating: Points | None = None
    communication_rating: Points | None = None
    value_for_money_rating: Points | None = None
    review_title: Annotated[Text | None, Personal("vendor")] = None
    review_text: Annotated[Note, Personal("vendor")] = ""
    had_issues: bool = False
    issue_description: Annotated[Note, Personal("vendor")] = ""
    would_recommend: bool | None = None
    would_use_again: bool | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.issue_description and not self.had_issues:
            raise ValueError("issue_description: set had_issues to true, or omit the description")
        return self


class Rating(Entity, RatingInput):
    """A rating and the vendor's response. It is verified, because the vendor ran the trip."""

    KIND: ClassVar[str] = "vendor_rating"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    rated_by: str = ""
    is_verified: bool = True
    is_public: Annotated[bool, Field(description="Reserved: always true.")] = True
    is_flagged: Annotated[bool, Field(description="Reserved: always false.")] = False
    vendor_response: Annotated[str | None, Personal("vendor")] = None
    vendor_responded_at: AwareDatetime | None = None

    def key(self) -> Key:
        return RATING.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": BY_VENDOR.key(org=self.org_id, vendor=self.vendor_id, id=self.id),
            "gsi3": BY_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        at_least = {
            at_least_attribute(points): True for points in range(2, convert_to_half_points(self.overall_rating) + 1)
        }
        return {"vendor_id": self.vendor_id, "charter_id": self.charter_id, **at_least}

    def unique_values(self) -> Mapping[str, str]:
        return {"rating-charter": f"{self.charter_id}:{self.vendor_id}"}


def at_least_attribute(half_points: int) -> str:
    """The attribute that ratings of `half_points` or more have, because filters compare only for equality."""
    return f"at_least_{half_points}"


class ResponseInput(RequestSchema):
    """A vendor's response to a rating."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"vendor_response": "Thank you, it was a pleasure to drive you."}]}
    )

    vendor_response: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), PARAGRAPH]


class RatingQuery(PageQuery):
    """Filters of a list of ratings. `min_rating` is the minimum overall rating."""

    vendor_id: VendorId | None = None
    charter_id: CharterId | None = None
    min_rating: Annotated[float | None, Field(ge=1, le=5)] = None
