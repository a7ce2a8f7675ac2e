"""Events of ratings."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event


class VendorRated(Event):
    """A vendor was rated for a charter that it ran, from 1 to 5 in steps of a half."""

    TYPE: ClassVar[str] = "vendor.rated"

    rating_id: str
    vendor_id: str
    charter_id: str
    overall_rating: float
    vehicle_condition_rating: float | None
    driver_professionalism_rating: float | None
    on_time_performance_rating: float | None
    communication_rating: float | None
    value_for_money_rating: float | None


class RatingAnswered(Event):
    """A vendor responded to a rating."""

    TYPE: ClassVar[str] = "rating.answered"

    rating_id: str
    vendor_id: str
