"""Routes of ratings."""

from coachway.core.caller import Caller
from coachway.core.errors import NotFound
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page
from coachway.ratings import service
from coachway.ratings.model import Rating, RatingId, RatingInput, RatingQuery, ResponseInput
from coachway.ratings.rules import CharterNotRatable, NotTheCharterVendor, RatingAlreadyAnswered

api = ApiRouter("ratings", "Ratings of vendors for the trips that they ran.")
app = api.app


@api.post(
    "/ratings",
    permission="ratings:write",
    status=201,
    errors=(
        NotFound,
        CharterNotRatable,
        NotTheCharterVendor,
    ),
)
def rate_vendor(caller: Caller, body: RatingInput) -> Rating:
    """Rate a vendor.

    A vendor can be rated once for each completed charter that it ran. Ratings are from 1 to 5 in steps of a half.
    """
    return service.create_rating(caller, body)


@api.get("/ratings", permission="ratings:read", external_roles=("vendor",), errors=(NotFound,))
def list_ratings(caller: Caller, query: RatingQuery) -> Page[Rating]:
    """List ratings, newest first.

    Filter by vendor, charter or minimum rating. Vendors see only their own.
    """
    return service.list_ratings(caller, query)


@api.post(
    "/ratings/{rating_id}/respond",
    permission="ratings:write",
    external_roles=("vendor",),
    errors=(RatingAlreadyAnswered,),
)
def respond_to_rating(caller: Caller, rating_id: RatingId, body: ResponseInput) -> Rating:
    """Respond to a rating.

    A vendor can respond to a rating once. Staff can record it on behalf of the vendor.
    """
    return service.respond_to_rating(caller, rating_id, body)
